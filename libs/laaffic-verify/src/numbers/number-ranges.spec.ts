import fc from 'fast-check';
import { getCountries, getCountryCallingCode, type CountryCode } from 'libphonenumber-js/max';
import { cases } from '../../../../test/cases.js';
import { mobileNumbersOf } from '../../../../test/verify/mobile-numbers.js';
import { rangesOf, type NumberRanges } from './number-ranges.js';

const sizes = (ranges: NumberRanges) => Object.values(ranges) as readonly string[];

describe('rangesOf', () => {
  it.each<[string, CountryCode, NumberRanges]>([
    ['+447400123456', 'GB', { three: '+447400123xxx', four: '+44740012xxxx', six: '+447400xxxxxx' }],
    ['+919112345678', 'IN', { three: '+919112345xxx', four: '+91911234xxxx', six: '+919112xxxxxx' }],
    ['+12133734253', 'US', { three: '+12133734xxx', four: '+1213373xxxx', six: '+12133xxxxxx' }],
    // Germany has numbers of two lengths, and no range of one is a range of the other.
    ['+4915112345678', 'DE', { three: '+4915112345xxx', four: '+491511234xxxx', six: '+4915112xxxxxx' }],
    ['+491701234567', 'DE', { three: '+491701234xxx', four: '+49170123xxxx', six: '+491701xxxxxx' }],
    ['+6581234567', 'SG', { three: '+6581234xxx', four: '+658123xxxx', six: '+6581xxxxxx' }],
    // A million numbers are a large part of these countries.
    ['+35696961234', 'MT', { three: '+35696961xxx', four: '+3569696xxxx' }],
    ['+3546111234', 'IS', { three: '+3546111xxx', four: '+354611xxxx' }],
    ['+376312345', 'AD', { three: '+376312xxx', four: '+37631xxxx' }],
    ['+594694201234', 'GF', { three: '+594694201xxx', four: '+59469420xxxx' }],
    ['+447624212345', 'IM', { three: '+447624212xxx', four: '+44762421xxxx' }],
    ['+447781123456', 'GG', { three: '+447781123xxx', four: '+44778112xxxx' }],
    ['+12642351234', 'AI', { three: '+12642351xxx', four: '+1264235xxxx' }],
    // So are ten thousand numbers, or a thousand.
    ['+681821234', 'WF', { three: '+681821xxx' }],
    ['+688901234', 'TV', { three: '+688901xxx' }],
    ['+24740123', 'AC', { three: '+24740xxx' }],
    ['+6907290', 'TK', {}],
    ['+2908999', 'TA', {}],
  ])('writes the ranges of %s (%s)', (e164, country, ranges) => {
    expect(rangesOf({ e164, country })).toEqual(ranges);
  });

  it.each(getCountries())('keeps enough digits of a number of %s that the country has ten such ranges', (country) => {
    const callingCode = `+${getCountryCallingCode(country)}`;
    // What is kept at least: a number that is one digit shorter has no range.
    const kept = Array.from({ length: 12 }, (_, digits) => digits).find(
      (digits) => rangesOf({ e164: callingCode + '1'.repeat(digits + 3), country }).three !== undefined,
    );
    const numbers = fc.sample(mobileNumbersOf(country), { numRuns: 1_000, seed: 1 });
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(new Set(numbers.map((national) => national.slice(0, kept))).size).toBeGreaterThanOrEqual(10);
  });

  it('gives each size of a range its own text, in which the number can be found', () => {
    const numbers = fc
      .constantFrom(...getCountries())
      .chain((country) => fc.record({ country: fc.constant(country), national: mobileNumbersOf(country) }))
      .map(({ country, national }) => ({ country, e164: `+${getCountryCallingCode(country)}${national}` }));
    fc.assert(
      fc.property(numbers, ({ country, e164 }) => {
        const ranges = rangesOf({ country, e164 });
        const texts = sizes(ranges);
        expect(Object.keys(ranges)).toEqual(['three', 'four', 'six'].slice(0, texts.length));
        for (const [index, range] of texts.entries()) {
          expect(range).toMatch(new RegExp(`^\\+\\d+x{${[3, 4, 6][index]}}$`));
          expect(range).toHaveLength(e164.length);
          expect(e164).toMatch(new RegExp(`^${range.replace('+', '\\+').replaceAll('x', '\\d')}$`));
        }
      }),
      { numRuns: cases(100_000, 2_000) },
    );
  });

  it('puts the neighbours of a number, and no other number, into its range', () => {
    const range = (e164: string) => rangesOf({ e164, country: 'GB' });
    expect(range('+447400123999')).toEqual(range('+447400123000'));
    expect(range('+447400124000').three).not.toBe(range('+447400123999').three);
    expect(range('+447400124000').four).toBe(range('+447400123999').four);
    expect(range('+447400200000').four).not.toBe(range('+447400199999').four);
    expect(range('+447401000000').six).not.toBe(range('+447400999999').six);
  });
});
