import { execFileSync } from 'node:child_process';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Credentials } from './credentials.js';
import { sign } from './sign.js';

// The vendor's own sample (page "Sending Messages").
const KEY = 'bDqJFiq9';
const SECRET = '7bz1lzh9';
const TIME = 1630468800;
const SIGNATURE = '05d7a50893e22a5c4bb3216ae3396c7c';

describe('sign', () => {
  it("gives the vendor's sample signature", () => {
    expect(sign(KEY, SECRET, TIME)).toBe(SIGNATURE);
    expect(sign(KEY, SECRET, String(TIME))).toBe(SIGNATURE);
  });

  it('agrees with another MD5, whatever key, secret and time', () => {
    const samples = fc.sample(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string(), fc.nat()), 20);
    const lines = samples.map(([key, secret, time]) => Buffer.from(`${key}${secret}${time}`).toString('base64'));
    const digests = execFileSync(process.execPath, ['-e', OTHER_MD5, ...lines], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(samples.map(([key, secret, time]) => sign(key, secret, time))).toEqual(digests);
  });
});

describe('Credentials', () => {
  it('signs for the second it is asked for', () => {
    const credentials = new Credentials(KEY, SECRET);
    expect(credentials.headersAt(TIME)).toEqual({ Sign: SIGNATURE, Timestamp: '1630468800', 'Api-Key': KEY });
    expect(credentials.headersAt(TIME + 1)).toEqual({
      Sign: sign(KEY, SECRET, TIME + 1),
      Timestamp: '1630468801',
      'Api-Key': KEY,
    });
    expect(credentials.headersAt(TIME)).toEqual({ Sign: SIGNATURE, Timestamp: '1630468800', 'Api-Key': KEY });
  });

  it('shows neither key nor secret nor signature to printing and JSON', () => {
    const credentials = new Credentials(KEY, SECRET);
    credentials.headersAt(TIME);
    const shown = inspect(credentials, { depth: 9, showHidden: true }) + JSON.stringify(credentials);
    expect(shown).not.toMatch(new RegExp(`${KEY}|${SECRET}|${SIGNATURE}`));
  });

  it('takes key, secret and signature out of words that echo them', () => {
    const credentials = new Credentials(KEY, SECRET);
    const { Sign } = credentials.headersAt(TIME);
    expect(credentials.redact(`bad sign ${Sign} for ${KEY} with ${SECRET}`)).toBe(
      'bad sign [redacted] for [redacted] with [redacted]',
    );
  });
});

/** MD5 as RFC 1321 writes it down, without a crypto library: the oracle for the signature. */
const OTHER_MD5 = `
function md5(bytes) {
  const s = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  const k = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) >>> 0);
  const length = bytes.length;
  const padded = Buffer.alloc(((length + 8 >> 6) + 1) * 64);
  bytes.copy(padded);
  padded[length] = 0x80;
  padded.writeBigUInt64LE(BigInt(length) * 8n, padded.length - 8);
  let [a0, b0, c0, d0] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let offset = 0; offset < padded.length; offset += 64) {
    let [a, b, c, d] = [a0, b0, c0, d0];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const f = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const g = [i, 5 * i + 1, 3 * i + 5, 7 * i][round] % 16;
      const sum = (a + f + k[i] + padded.readUInt32LE(offset + 4 * g)) >>> 0;
      const turn = s[round * 4 + (i % 4)];
      [a, d, c, b] = [d, c, b, (b + ((sum << turn) | (sum >>> (32 - turn)))) >>> 0];
    }
    [a0, b0, c0, d0] = [a0 + a >>> 0, b0 + b >>> 0, c0 + c >>> 0, d0 + d >>> 0];
  }
  const digest = Buffer.alloc(16);
  [a0, b0, c0, d0].forEach((word, i) => digest.writeUInt32LE(word, 4 * i));
  return digest.toString('hex');
}
for (const line of process.argv.slice(1)) console.log(md5(Buffer.from(line, 'base64')));
`;
