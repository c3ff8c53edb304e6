import { promisify } from 'node:util';
import { brotliDecompress, inflateRaw, unzip } from 'node:zlib';

const DECODERS = {
  gzip: promisify(unzip),
  'x-gzip': promisify(unzip),
  br: promisify(brotliDecompress),
  deflate: (bytes: Buffer, options: { maxOutputLength: number }) =>
    // Some servers leave out the zlib header that RFC 9110 requires.
    isZlib(bytes) ? promisify(unzip)(bytes, options) : promisify(inflateRaw)(bytes, options),
} as const;

/**
 * Decodes a body by its `Content-Encoding`. Requests accept `identity` only, but servers in front of the gateway may
 * compress all the same.
 * @param maxLength the limit of the decoded body, in bytes.
 * @throws if an encoding is unknown, or the bytes do not have it or are cut off.
 */
export async function decodeBody(body: Buffer, contentEncoding: string, maxLength: number): Promise<Buffer> {
  const encodings = contentEncoding
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  let bytes = body;
  for (const encoding of encodings.reverse()) {
    if (!Object.hasOwn(DECODERS, encoding)) throw new TypeError('The body has an unknown encoding');
    bytes = await DECODERS[encoding as keyof typeof DECODERS](bytes, { maxOutputLength: maxLength });
  }
  return bytes;
}

/** RFC 1950: the method is 8, and the first two bytes are a multiple of 31. */
function isZlib([first = 0, second = 0]: Buffer): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}
