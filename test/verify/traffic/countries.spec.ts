import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { COUNTRIES, countryOf, drawAnyNumber, drawUserNumber, firstRange, numberIn, subrange } from './countries.js';
import { Random } from './random.js';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('countries', () => {
  it('are ten that have all usual starts between them', () => {
    expect(COUNTRIES).toHaveLength(10);
    expect(sum(COUNTRIES.map(({ share }) => share))).toBeCloseTo(1, 10);
    for (const { ranges } of COUNTRIES) expect(sum(ranges.map(({ weight }) => weight))).toBeCloseTo(1, 10);
  });

  it('convert between 0.55 and 0.82', () => {
    const conversions = COUNTRIES.map(({ conversion }) => conversion);
    expect([Math.min(...conversions), Math.max(...conversions)]).toEqual([0.55, 0.82]);
  });

  it.each(COUNTRIES.flatMap(({ iso, ranges }) => ranges.map((range) => [iso, range.prefix, range] as const)))(
    '%s: all numbers that begin with %s are mobile numbers',
    (iso, _, range) => {
      const random = new Random(1, range.prefix);
      for (let drawn = 0; drawn < 50; drawn++) {
        const number = drawAnyNumber(range, random);
        const parsed = parsePhoneNumberFromString(number);
        expect({ number, to: parsed?.number, country: parsed?.country, isValid: parsed?.isValid() }).toEqual({
          number,
          to: number,
          country: iso,
          isValid: true,
        });
        expect(['MOBILE', 'FIXED_LINE_OR_MOBILE']).toContain(parsed?.getType());
      }
    },
  );

  it('are not found by an unknown code', () => {
    expect(() => countryOf('XX')).toThrow(RangeError);
    expect(() => drawUserNumber('XX', new Random(1))).toThrow(RangeError);
    expect(() => firstRange('MT', 'Unknown')).toThrow(RangeError);
  });
});

describe('ranges', () => {
  it('have their users more densely in the lower numbers', () => {
    const random = new Random(1);
    const numbers = Array.from({ length: 20_000 }, () => drawUserNumber('ES', random));
    const lowest = (operator: string) => {
      const { prefix } = firstRange('ES', operator);
      const own = numbers.filter((number) => number.startsWith(prefix));
      return own.filter((number) => Number(number.slice(prefix.length)) < 125_000).length / own.length;
    };
    expect(lowest('Movistar')).toBeCloseTo(0.125, 1);
    expect(lowest('MasMovil')).toBeCloseTo(0.5, 1);
  });

  it('can be divided', () => {
    const range = firstRange('AZ', 'Azercell');
    expect(numberIn(subrange(range, '123'), 45)).toBe('+994501230045');
    expect(numberIn(range, 0)).toBe('+994500000000');
  });
});
