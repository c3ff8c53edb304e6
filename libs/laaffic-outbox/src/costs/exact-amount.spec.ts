import fc from 'fast-check';
import { readAmount, scaleAmount, writeAmount } from './exact-amount.js';

const units = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });

describe('amounts', () => {
  it.each([
    ['0', '0'],
    ['0.000000', '0'],
    ['0.020000', '0.02'],
    ['12', '12'],
    ['12.50', '12.5'],
    ['-0.1', '-0.1'],
    ['-0', '0'],
    ['123456789012.123456789012', '123456789012.123456789012'],
    ['0.000000000000000001', '0.000000000000000001'],
    ['007.5', '7.5'],
  ])('read %s and write %s', (text, written) => {
    expect(writeAmount(readAmount(text))).toBe(written);
  });

  it.each(['', ' 1', '1.', '.5', '1e-2', '0,04', '+1', 'NaN', '١', '0x1', '1\n', '0.0000000000000000001'])(
    'reject %j',
    (text) => {
      expect(() => readAmount(text)).toThrow(new RangeError('This is not a decimal with at most 18 decimals'));
    },
  );

  it('are read as they were written', () => {
    fc.assert(
      fc.property(units, (amount) => {
        expect(readAmount(writeAmount(amount))).toBe(amount);
      }),
    );
  });

  it('have exact sums and products, where numbers have none', () => {
    expect(writeAmount(readAmount('0.1') + readAmount('0.2'))).toBe('0.3');
    expect(writeAmount(readAmount('0.07') * 100n)).toBe('7');
    fc.assert(
      fc.property(fc.array(fc.nat(10 ** 9)), fc.nat(12), (numbers, decimals) => {
        const textOf = (digits: bigint) => {
          const padded = String(digits).padStart(decimals + 1, '0');
          const fraction = padded.slice(padded.length - decimals);
          return decimals === 0 ? padded : `${padded.slice(0, -decimals)}.${fraction}`;
        };
        const sum = numbers.reduce((all, number) => all + readAmount(textOf(BigInt(number))), 0n);
        const exact = numbers.reduce((all, number) => all + BigInt(number), 0n);
        expect(sum).toBe(readAmount(textOf(exact)));
      }),
    );
  });

  it.each([
    ['0.04', 3, 2, '0.06'],
    ['0.01', 1, 3, '0.003333333334'],
    ['0', 7, 3, '0'],
    ['5', 0, 3, '0'],
    ['123456789012', 1_000_000, 999_999, '123456912468.912468912469'],
  ])('%s times %d / %d is %s', (text, numerator, denominator, scaled) => {
    expect(writeAmount(scaleAmount(readAmount(text), numerator, denominator))).toBe(scaled);
  });

  it('are never scaled down below the exact value, and by less than a step above it', () => {
    const count = fc.integer({ min: 1, max: 10 ** 9 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 36n }), count, count, (amount, numerator, denominator) => {
        const above = scaleAmount(amount, numerator, denominator) * BigInt(denominator) - amount * BigInt(numerator);
        expect(above >= 0n && above < 10n ** 6n * BigInt(denominator)).toBe(true);
      }),
    );
  });
});
