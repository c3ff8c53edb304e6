import { LONGEST_ROW } from './longest-row.js';
import { UploadError } from './upload.error.js';

/** A line of a text, without its end. */
export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/**
 * The lines of a text; blank ones are left out, but counted.
 * @throws {UploadError} if one is longer than any recipient could make it.
 */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<Line, void, undefined> {
  let [rest, line] = ['', 0];
  for await (const text of texts) {
    // What came before has no line end: it need not be looked through again for each small piece.
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
  if (text.length > LONGEST_ROW) throw new UploadError('it is too long for a recipient', line);
}
