import { TextDecoder } from 'node:util';
import { RecipientFileError } from './recipient-file.error.js';

const MARKS = [
  { encoding: 'utf-8', mark: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', mark: [0xff, 0xfe] },
  { encoding: 'utf-16be', mark: [0xfe, 0xff] },
] as const;
const MAX_MARK_BYTES = 3;

/**
 * Decodes bytes to text without the byte order mark, and turns every line end into a line feed. A reader that knows only
 * some line ends could join two numbers into one.
 * @param encoding used if there is no mark. @default 'utf-8'
 * @throws {RecipientFileError} for bytes that are not in the encoding, for NUL characters, and for an unknown encoding.
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  encoding = 'utf-8',
): AsyncGenerator<string, void, undefined> {
  let decoder: PositionedDecoder | undefined;
  let beginning: Uint8Array = new Uint8Array();
  let held = '';
  const text = (decoded: string) => {
    const all = held + decoded;
    // The line feed after it may come with the next chunk.
    held = all.endsWith('\r') ? '\r' : '';
    return all.slice(0, all.length - held.length).replace(/\r\n?/g, '\n');
  };
  for await (const chunk of bytes) {
    if (decoder !== undefined) {
      yield text(decoder.decode(chunk));
      continue;
    }
    beginning = Buffer.concat([beginning, chunk]);
    if (beginning.length < MAX_MARK_BYTES) continue;
    decoder = new PositionedDecoder(markOf(beginning) ?? encoding);
    yield text(decoder.decode(beginning));
  }
  decoder ??= new PositionedDecoder(markOf(beginning) ?? encoding, beginning);
  yield text(decoder.end());
  yield held.replace('\r', '\n');
}

function markOf(bytes: Uint8Array): string | undefined {
  return MARKS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte))?.encoding;
}

/** Decodes chunk by chunk, and knows the position of a failure. */
class PositionedDecoder {
  readonly #decoder: TextDecoder;
  #line = 1;
  #offset = 0;
  /** The end of the last chunk, which may have the first bytes of a character. */
  #tail: Uint8Array = new Uint8Array();

  constructor(
    private readonly encoding: string,
    private readonly rest: Uint8Array = new Uint8Array(),
  ) {
    try {
      this.#decoder = new TextDecoder(encoding, { fatal: true });
    } catch {
      throw new RecipientFileError('its encoding is unknown: save it in UTF-8');
    }
  }

  decode(chunk: Uint8Array): string {
    return this.#decode(chunk, true);
  }

  end(): string {
    return this.#decode(this.rest, false);
  }

  #decode(chunk: Uint8Array, isMore: boolean): string {
    let text: string;
    try {
      text = this.#decoder.decode(chunk, { stream: isMore });
    } catch {
      throw this.#failure(Buffer.concat([this.#tail, chunk]));
    }
    if (text.includes('\0')) {
      throw new RecipientFileError(`it has NUL characters, so it is not text in ${this.encoding.toUpperCase()}`);
    }
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#line++;
    this.#offset += chunk.length;
    this.#tail = chunk.subarray(-MAX_MARK_BYTES);
    return text;
  }

  #failure(bytes: Buffer): RecipientFileError {
    const name = this.encoding.toUpperCase();
    if (this.encoding !== 'utf-8') return new RecipientFileError(`it is not text in ${name}`);
    // The tail may start inside a character that was decoded.
    const start = Math.max(
      0,
      bytes.subarray(0, MAX_MARK_BYTES).findIndex((byte) => (byte & 0xc0) !== 0x80),
    );
    const index = start + validLength(bytes.subarray(start));
    const lines = bytes.subarray(this.#tail.length, index).filter((byte) => byte === 0x0a).length;
    const place = this.#offset - this.#tail.length + index + 1;
    const problem = `byte ${place} of the file is not UTF-8: save it in UTF-8, or give its encoding`;
    return new RecipientFileError(problem, this.#line + lines);
  }
}

/** Counts the bytes from the start that are UTF-8: decoding changes the next one. */
function validLength(bytes: Buffer): number {
  const decoded = Buffer.from(bytes.toString('utf8'));
  const index = bytes.findIndex((byte, at) => byte !== decoded[at]);
  return index < 0 ? bytes.length : index;
}
