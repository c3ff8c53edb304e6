import { inspect } from 'node:util';
import { Credentials, sign } from './credentials.js';

// The vendor's own sample (page "Sending Messages").
const KEY = 'bDqJFiq9';
const SECRET = '7bz1lzh9';
const TIME = 1630468800;
const SIGNATURE = '05d7a50893e22a5c4bb3216ae3396c7c';

describe('sign', () => {
  it("returns the signature of the vendor's sample", () => {
    expect(sign(KEY, SECRET, TIME)).toBe(SIGNATURE);
  });

  it('accepts the time as text', () => {
    expect(sign(KEY, SECRET, String(TIME))).toBe(SIGNATURE);
  });

  // From `printf '%s' 'ключschlüssel📱1630468800' | md5sum` with a UTF-8 terminal.
  it('signs keys outside ASCII as UTF-8', () => {
    expect(sign('ключ', 'schlüssel📱', TIME)).toBe('b4510987c219264f758e71cd06fd0a3c');
  });
});

describe('Credentials', () => {
  const headers = (time: number, signature: string) => ({
    Sign: signature,
    Timestamp: String(time),
    'Api-Key': KEY,
  });

  it("signs the vendor's sample", () => {
    expect(new Credentials(KEY, SECRET).headersAt(TIME)).toEqual(headers(TIME, SIGNATURE));
  });

  it('signs again when the second changes, in both directions', () => {
    const credentials = new Credentials(KEY, SECRET);
    credentials.headersAt(TIME);
    expect(credentials.headersAt(TIME + 1)).toEqual(headers(TIME + 1, sign(KEY, SECRET, TIME + 1)));
    expect(credentials.headersAt(TIME)).toEqual(headers(TIME, SIGNATURE));
  });

  it('shows neither key nor secret nor signature when it is printed or serialized', () => {
    const credentials = new Credentials(KEY, SECRET);
    credentials.headersAt(TIME);
    const shown = inspect(credentials, { depth: 9, showHidden: true }) + JSON.stringify(credentials);
    expect(shown).not.toMatch(new RegExp(`${KEY}|${SECRET}|${SIGNATURE}`));
  });

  it('removes key, secret and signature from a text that repeats them', () => {
    const credentials = new Credentials(KEY, SECRET);
    const { Sign } = credentials.headersAt(TIME);
    expect(credentials.redact(`bad sign ${Sign} for ${KEY} with ${SECRET}`)).toBe(
      'bad sign [redacted] for [redacted] with [redacted]',
    );
  });
});
