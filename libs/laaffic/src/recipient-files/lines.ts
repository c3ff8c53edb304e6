import { MAX_ROW_LENGTH } from './file-recipient.js';
import { RecipientFileError } from './recipient-file.error.js';

/** A line of a text, without its end. */
export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * Splits text into lines. Leaves out blank lines, but counts them.
 * @throws {RecipientFileError} if a line is too long for a recipient.
 */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<Line, void, undefined> {
  let [rest, line] = ['', 0];
  for await (const text of texts) {
    // The rest has no line end, so it is not searched again for each small chunk.
    const parts = text.split('\n');
    parts[0] = rest + (parts[0] ?? '');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      line++;
      checkLength(part, line);
      if (part.trim() !== '') yield { text: part, line };
    }
    checkLength(rest, line + 1);
  }
  if (rest.trim() !== '') yield { text: rest, line: line + 1 };
}

function checkLength(text: string, line: number): void {
  if (text.length > MAX_ROW_LENGTH) throw new RecipientFileError('it is too long for a recipient', line);
}
