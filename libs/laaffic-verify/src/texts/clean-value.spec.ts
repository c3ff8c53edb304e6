import fc from 'fast-check';
import { cleanValue } from './clean-value.js';

describe('cleanValue', () => {
  it.each([
    ['ACME', 'ACME'],
    ['', ''],
    ['  Example   Bank ', 'Example Bank'],
    ['Shop\n@evil.example #111111', 'Shop @evil.example 111111'],
    ['@evil.example #111111', '@evil.example 111111'],
    ['@evil.example  #111111', '@evil.example 111111'],
    ['@a.example @b.example #1', '@a.example @b.example 1'],
    ['@a.example #@b.example ##1', '@a.example @b.example 1'],
    ['@a.example\n#', '@a.example'],
    ['@a.example\n#\n1', '@a.example 1'],
    ['bob@bank #5', 'bob@bank #5'],
    ['Room #5', 'Room #5'],
    ['A\r\n\tB\u2028C\u2029D\u0000E\u0085F', 'A B C D E F'],
    ['\u202eEMCA\u202c', 'EMCA'],
    ['\u2066a\u2069\u200e\u200f\u061cb', 'ab'],
    ['A\u200bC\u00adM\ufeffE\ud800', 'ACME'],
    ['क्\u200dष می\u200cخواهم', 'क्\u200dष می\u200cخواهم'],
    ['10\u00a0000\u202f€', '10 000 €'],
    ['{code} 👨‍👩‍👧', '{code} 👨‍👩‍👧'],
  ])('makes %j %j', (value, clean) => {
    expect(cleanValue(value)).toBe(clean);
  });

  it('leaves one line without direction marks, and changes its own results no more', () => {
    const part = fc.constantFrom('\n', '\r', '\u2028', '\u202e', '@evil.example', ' ', '#', '1', 'a', '\u200b');
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part).map((parts) => parts.join('')),
    );
    const property = fc.property(value, (text) => {
      const clean = cleanValue(text);
      expect(clean).not.toMatch(/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|(?:^|\s)@\S+ #/u);
      expect(cleanValue(clean)).toBe(clean);
    });
    fc.assert(property);
  });
});
