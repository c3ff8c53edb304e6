import fc from 'fast-check';
import { readCode } from './read-code.js';

it.each([
  ['123456', 6, '123456'],
  [' 123 456 ', 6, '123456'],
  ['123-456', 6, '123456'],
  ['١٢٣٤٥٦', 6, '123456'],
  ['१२३४५६', 6, '123456'],
  ['0000000000', 10, '0000000000'],
  ['12345', 6, undefined],
  ['1234567', 6, undefined],
  ['12345a', 6, undefined],
  ['', 6, undefined],
  ['1'.repeat(100_000), 6, undefined],
  [123456, 6, undefined],
  [undefined, 6, undefined],
  [null, 6, undefined],
  [['123456'], 6, undefined],
])('%j with %i digits is %j', (value, digits, code) => {
  expect(readCode(value, digits)).toBe(code);
});

it('is a code of the asked length, or nothing, whatever is entered', () => {
  fc.assert(
    fc.property(fc.anything(), fc.integer({ min: 6, max: 10 }), (value, digits) => {
      const code = readCode(value, digits);
      expect(code === undefined || (code.length === digits && /^\d+$/.test(code))).toBe(true);
    }),
  );
});
