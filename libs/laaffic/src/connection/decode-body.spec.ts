import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { decodeBody } from './decode-body.js';

const MAX = 1_000_000;
const ENCODERS = {
  identity: (body: Buffer) => body,
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
} as const;

it('decodeBody decodes any order of encodings', async () => {
  const names = fc.array(fc.constantFrom(...(Object.keys(ENCODERS) as (keyof typeof ENCODERS)[])), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), names, async (bytes, encodings) => {
      const encode = (body: Buffer, name: keyof typeof ENCODERS): Buffer => ENCODERS[name](body);
      const encoded = encodings.reduce<Buffer>(encode, Buffer.from(bytes));
      const decoded = await decodeBody(encoded, encodings.join(', ').toUpperCase(), MAX);
      expect(decoded.equals(Buffer.from(bytes))).toBe(true);
    }),
    { numRuns: cases(300, 100) },
  );
});

it('decodeBody decodes deflate without its header, as some servers send it', async () => {
  expect(String(await decodeBody(deflateRawSync('{"status":"0"}'), 'deflate', MAX))).toBe('{"status":"0"}');
});

it.each<[string, Buffer, string]>([
  ['an unknown encoding that was not requested', Buffer.from('x'), 'zstd'],
  ['names of what every object has', Buffer.from('x'), 'constructor'],
  ['bytes that are not encoded so', Buffer.from('{"status":"0"}'), 'gzip'],
  ['bytes that are cut off', gzipSync('{"status":"0"}').subarray(0, 20), 'gzip'],
  ['a body that is far larger than it looks', gzipSync(Buffer.alloc(MAX + 1)), 'gzip'],
])('decodeBody rejects %s', async (_, body, encoding) => {
  await expect(decodeBody(body, encoding, MAX)).rejects.toThrow();
});
