import fc from 'fast-check';
import { normaliseNumber } from './phone-number.js';

const digits = (min: number, max: number) =>
  fc
    .tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: min - 1, maxLength: max - 1 }),
    )
    .map(([first, rest]) => [first, ...rest].join(''));

describe('normaliseNumber', () => {
  it.each([
    ['91856321412', '91856321412'],
    ['+91856321412', '91856321412'],
    ['0091856321412', '91856321412'],
    ['+91 8563 214-12', '91856321412'],
    ['+1 (202) 555-0125', '12025550125'],
    ['+49.30/901820', '4930901820'],
    ['  91856321412\n', '91856321412'],
    ['91\u00a0856\u202f321\u2011412', '91856321412'],
    ['1234567', '1234567'],
    ['123456789012345', '123456789012345'],
  ])('brings %j into the form of the gateway', (text, expected) => {
    expect(normaliseNumber(text)).toBe(expected);
  });

  it.each([
    '',
    ' ',
    '+',
    '00',
    '123456',
    '1234567890123456',
    '0856321412',
    '+0856321412',
    '++91856321412',
    '91856321412,91856321413',
    '9185632x412',
    '918563214;2',
    '٩١٨٥٦٣٢١٤١٢',
    '91856321412\u0000',
    '1e11',
    'tel:+91856321412',
    '91856321412.0',
    ' 91856321412.00\n',
    '9185000\n1234567',
  ])('refuses %j', (text) => {
    expect(normaliseNumber(text)).toBeUndefined();
  });

  it('takes off prefix and separators wherever people write them, and nothing else', () => {
    const decorated = fc
      .tuple(
        digits(7, 15),
        fc.constantFrom('', '+', '00'),
        fc.array(fc.constantFrom(' ', '-', '.', '(', ')', '/', '\u2013')),
      )
      .map(([number, prefix, separators]) => {
        const cut = number.length >> 1;
        return { number, text: prefix + number.slice(0, cut) + separators.join('') + number.slice(cut) };
      });
    fc.assert(
      fc.property(decorated, ({ number, text }) => {
        expect(normaliseNumber(text)).toBe(number);
      }),
    );
  });

  it('gives 7 to 15 digits without a leading zero, or nothing, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), digits(1, 30)), (text) => {
        expect(normaliseNumber(text) ?? '1234567').toMatch(/^[1-9]\d{6,14}$/);
      }),
      { numRuns: 2000 },
    );
  });
});
