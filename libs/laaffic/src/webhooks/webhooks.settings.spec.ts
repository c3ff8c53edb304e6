import crypto from 'node:crypto';
import { Secrets } from './webhooks.settings.js';

const SECRET = 'kQ3v9sXw2LpZ7tRb';
const OTHER = 'second-secret-16';

describe('Secrets', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([SECRET, OTHER])('include %s', (given) => {
    expect(new Secrets([SECRET, OTHER]).include(given)).toBe(true);
  });

  it.each([
    ['no text', ''],
    ['a secret without its end', SECRET.slice(0, -1)],
    ['a secret with another character', `${SECRET}x`],
    ['a secret in lower case', SECRET.toLowerCase()],
    ['a long text that starts with a secret', SECRET.padEnd(300, '#')],
  ])('do not include %s', (_, given) => {
    expect(new Secrets([SECRET, OTHER]).include(given)).toBe(false);
  });

  it.each([
    ['the first secret', SECRET],
    ['the last secret', OTHER],
    ['a wrong text', '#'.repeat(16)],
    ['a text with a right beginning', SECRET.slice(0, 8).padEnd(16, '#')],
    ['a short text', '#'],
    ['a text that is too long', '#'.repeat(300)],
  ])('compare %s with every secret in full, in constant time', (_, given) => {
    const secrets = new Secrets([SECRET, OTHER]);
    const compare = jest.spyOn(crypto, 'timingSafeEqual');
    secrets.include(given);
    expect(compare).toHaveBeenCalledTimes(2);
    // The longest secret has 256 bytes; all are padded to the same length.
    for (const [a, b] of compare.mock.calls) {
      expect(a.byteLength).toBe(257);
      expect(b.byteLength).toBe(257);
    }
  });
});
