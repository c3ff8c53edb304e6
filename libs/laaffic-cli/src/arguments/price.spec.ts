import { assert, bigInt, integer, property } from 'fast-check';
import { Price } from './price.js';

describe('Price', () => {
  it('multiplies exactly', () => {
    const most = 10n ** 12n - 1n;
    assert(
      property(
        bigInt({ min: 0n, max: most }),
        bigInt({ min: 0n, max: most }),
        integer({ min: 0 }),
        (whole, part, count) => {
          const text = `${whole}.${String(part).padStart(12, '0')}`;
          const total = (whole * 10n ** 12n + part) * BigInt(count);
          const expected = `${total / 10n ** 12n}.${String(total % 10n ** 12n).padStart(12, '0')}`;
          expect(Price.from(text)?.times(count)).toBe(expected);
        },
      ),
    );
    expect(Price.from('3')?.times(7)).toBe('21');
    expect(Price.from('0.1')?.times(3)).toBe('0.3');
    expect(Price.from('0.05')?.times(1)).toBe('0.05');
  });

  it.each(['', '.5', '1.', '-1', '1e3', '1,5', '0x1', 'Infinity'])('rejects %j', (text) => {
    expect(Price.from(text)).toBeUndefined();
  });
});
