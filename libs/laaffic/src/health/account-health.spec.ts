import fc from 'fast-check';
import { compareDecimals } from './account-health.js';

describe('compareDecimals', () => {
  it.each([
    ['99.990000', '99.99', 0],
    ['0', '0.000', 0],
    ['-0.5', '0', -1],
    ['-0.05', '-0.5', 1],
    ['9', '10', -1],
    // A float cannot hold these exactly.
    ['9007199254740993.1', '9007199254740993.2', -1],
    ['0.30000000000000004', '0.3', 1],
  ])('compares %s with %s as %i', (a, b, order) => {
    expect(compareDecimals(a, b)).toBe(order);
    expect(compareDecimals(b, a)).toBe(order === 0 ? 0 : -order);
  });

  it('orders amounts like whole numbers of their smallest unit', () => {
    const micros = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
    const text = (amount: bigint) => {
      const digits = String(amount < 0n ? -amount : amount).padStart(7, '0');
      return `${amount < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
    };
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        expect(compareDecimals(text(a), text(b))).toBe(a === b ? 0 : a < b ? -1 : 1);
      }),
    );
  });
});
