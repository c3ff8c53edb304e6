import fc from 'fast-check';
import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { mobileNumbersOf } from '../../../../test/verify/mobile-numbers.js';
import { originOf } from './number-country.js';

/** Countries whose numbers count as those of the country that has nearly all numbers of the calling code. */
const SMALL: Readonly<Record<string, string>> = {
  ...{ GG: 'GB', IM: 'GB', JE: 'GB', VA: 'IT', SJ: 'NO', CC: 'AU', CX: 'AU', EH: 'MA', YT: 'RE', TA: 'SH', AC: 'SH' },
  ...{ AX: 'FI', BL: 'GP', MF: 'GP', BQ: 'CW' },
};

describe('originOf', () => {
  it.each([
    ['447400123456', { country: 'GB' }],
    ['919876543210', { country: 'IN' }],
    ['12133734253', { country: 'US' }],
    ['18005550100', { country: 'US' }],
    ['14165550100', { country: 'CA' }],
    ['18765550100', { country: 'JM' }],
    ['17875550100', { country: 'PR' }],
    ['79161234567', { country: 'RU' }],
    ['77071234567', { country: 'KZ' }],
    ['76001234567', { country: 'KZ' }],
    ['35312345678', { country: 'IE' }],
    // A shorter code never wins over a longer one, and no code is completed.
    ['1', { country: 'US' }],
    ['3530000', { country: 'IE' }],
    // Satellites, networks of their own, and codes without numbers.
    ['870773111632', { callingCode: '870' }],
    ['88216123456', { callingCode: '882' }],
    ['80012345678', { callingCode: '800' }],
    ['2100000000', { callingCode: '210' }],
    ['9990000000', { callingCode: '999' }],
    ['', { callingCode: '' }],
    ['toString', { callingCode: 'toS' }],
  ])('of %s is %j', (number, origin) => {
    expect(originOf(number)).toEqual(origin);
  });

  it.each(getCountries())('agrees with the numbering plans about mobile numbers of %s', (country) => {
    fc.assert(
      fc.property(mobileNumbersOf(country), (national) => {
        const number = `${getCountryCallingCode(country)}${national}`;
        const known = parsePhoneNumberFromString(`+${number}`)?.country ?? country;
        expect(originOf(number)).toEqual({ country: SMALL[known] ?? known });
      }),
      { numRuns: 50 },
    );
  });

  it('agrees with the numbering plans about every area code after 1', () => {
    const known = new Map<string, string>();
    for (let area = 200; area < 1000; area++) {
      const country = parsePhoneNumberFromString(`+1${area}2345678`)?.country;
      if (country !== undefined) known.set(String(area), country);
    }
    expect(known.size).toBeGreaterThan(400);
    const ours = new Map([...known.keys()].map((area) => [area, originOf(`1${area}2345678`)]));
    expect(ours).toEqual(new Map([...known].map(([area, country]) => [area, { country }])));
  });
});
