import fc from 'fast-check';
import { getCountries, getCountryCallingCode, type PhoneNumberType } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { mobileNumbersOf } from '../../../../test/verify/mobile-numbers.js';
import {
  ALLOWABLE_NUMBER_TYPES,
  checkCountries,
  checkNumberTypes,
  DEFAULT_NUMBER_TYPES,
  whyRejected,
  type NumberPolicy,
} from './number-policy.js';
import { readPhoneNumber, type PhoneNumber } from './phone-number.js';

function read(text: string): PhoneNumber {
  const number = readPhoneNumber(text);
  if ('problem' in number) throw new Error(number.problem);
  return number;
}

const GB: NumberPolicy = { countries: ['GB'] };
const ALL: NumberPolicy = { countries: 'all' };
const EVERYTHING: NumberPolicy = { countries: 'all', types: ALLOWABLE_NUMBER_TYPES };
const [COUNTRY, TYPE] = ['VERIFY_COUNTRY', 'VERIFY_NUMBER_TYPE'];

describe('whyRejected', () => {
  it.each<[string, NumberPolicy, string | undefined]>([
    ['+447400123456', GB, undefined],
    ['+447400123456', ALL, undefined],
    ['+447400123456', { countries: ['DE', 'GB'] }, undefined],
    ['+447400123456', { countries: ['DE'] }, COUNTRY],
    ['+447400123456', { countries: [] }, COUNTRY],
    ['+447400123456', { countries: 'all', types: ['FIXED_LINE'] }, TYPE],
    ['+447400123456', { countries: 'all', types: [] }, TYPE],
    ['+447400123456', { countries: 'all', types: undefined }, undefined],
    // The country of the number, and not the one of the calling code.
    ['+447911123456', GB, COUNTRY],
    ['+447911123456', { countries: ['GG'] }, undefined],
    ['+12423591234', { countries: ['US', 'CA'] }, COUNTRY],
    ['+77710009998', { countries: ['RU'] }, COUNTRY],
    ['+12133734253', { countries: ['US'] }, undefined],
    ['+12133734253', { countries: ['US'], types: ['MOBILE'] }, TYPE],
    // Only when allowed.
    ['+442071838750', GB, TYPE],
    ['+442071838750', { countries: ['GB'], types: ['FIXED_LINE'] }, undefined],
    ['+445612345678', GB, TYPE],
    ['+445612345678', { countries: ['GB'], types: ['VOIP'] }, undefined],
    ['+448001234567', GB, TYPE],
    ['+448001234567', { countries: ['GB'], types: ['TOLL_FREE'] }, undefined],
    // Never: premium rate, shared cost, personal, pager, universal access, voicemail.
    ['+449012345678', EVERYTHING, TYPE],
    ['+19002345678', EVERYTHING, TYPE],
    ['+448431234567', EVERYTHING, TYPE],
    ['+447012345678', EVERYTHING, TYPE],
    ['+15002345678', EVERYTHING, TYPE],
    ['+447640123456', EVERYTHING, TYPE],
    ['+445512345678', EVERYTHING, TYPE],
    ['+3546897464', EVERYTHING, TYPE],
    // The country is the first reason.
    ['+447012345678', { countries: ['DE'] }, COUNTRY],
  ])('answers for %s under %j: %s', (number, policy, reason) => {
    expect(whyRejected(read(number), policy)).toBe(reason);
  });

  it.each<[PhoneNumberType, string | undefined, string | undefined]>([
    ['MOBILE', undefined, undefined],
    ['FIXED_LINE_OR_MOBILE', undefined, undefined],
    ['FIXED_LINE', TYPE, undefined],
    ['VOIP', TYPE, undefined],
    ['TOLL_FREE', TYPE, undefined],
    ['PREMIUM_RATE', TYPE, TYPE],
    ['SHARED_COST', TYPE, TYPE],
    ['UAN', TYPE, TYPE],
    ['PAGER', TYPE, TYPE],
    ['VOICEMAIL', TYPE, TYPE],
    ['PERSONAL_NUMBER', TYPE, TYPE],
    ['SOMETHING_NEW' as PhoneNumberType, TYPE, TYPE],
  ])('answers for the type %s by default: %s, and if all are allowed that can be: %s', (type, byDefault, atMost) => {
    expect(whyRejected({ country: 'GB', type }, GB)).toBe(byDefault);
    expect(whyRejected({ country: 'GB', type }, EVERYTHING)).toBe(atMost);
    // Options that were not checked.
    const hostile = { countries: 'all', types: [type] } as unknown as NumberPolicy;
    expect(whyRejected({ country: 'GB', type }, hostile)).toBe(atMost);
  });

  it.each(getCountries())('accepts the example of %s when its country is allowed', (country) => {
    const number = read(`+${getCountryCallingCode(country)}${examples[country]}`);
    expect(whyRejected(number, ALL)).toBeUndefined();
    expect(whyRejected(number, { countries: [number.country] })).toBeUndefined();
    const others = getCountries().filter((other) => other !== number.country);
    expect(whyRejected(number, { countries: others })).toBe(COUNTRY);
  });
});

describe('checkCountries', () => {
  const CODE = 'must be the ISO code of a country with phone numbers, in two capital letters';
  const LIST = "must be 'all', or a list of ISO codes such as ['IN', 'GB']";
  const shared = (main: string) =>
    `needs ${main} in the list too, because mobile numbers of both look the same and are read as ${main}`;

  it.each<[unknown]>([['all'], [['GB']], [['IN', 'GB', 'GG', 'DE']], [['FI', 'AX']], [['AX', 'FI']], [['GB', 'GB']]])(
    'accepts %j',
    (countries) => {
      expect(checkCountries(countries)).toEqual([]);
    },
  );

  it('accepts all countries, and each but those that look like another one', () => {
    expect(checkCountries(getCountries())).toEqual([]);
    const alone = getCountries().filter((country) => checkCountries([country]).length > 0);
    expect(alone).toEqual(['AX', 'BL', 'CC', 'CX', 'EH', 'MF', 'SJ', 'VA']);
  });

  it('knows all countries whose mobile numbers are always read as those of another', () => {
    const always = getCountries().filter((country) =>
      fc
        .sample(mobileNumbersOf(country), { numRuns: 50, seed: 1 })
        .every((national) => read(`+${getCountryCallingCode(country)}${national}`).country !== country),
    );
    expect(always).toEqual(getCountries().filter((country) => checkCountries([country]).length > 0));
  });

  it.each<[unknown]>([[undefined], [null], [[]], ['GB'], ['ALL'], [''], [{ 0: 'GB', length: 1 }], [new Set(['GB'])]])(
    'rejects %j, which is no list',
    (countries) => {
      expect(checkCountries(countries)).toEqual([{ field: 'countries', problem: LIST }]);
    },
  );

  it.each<[unknown, string]>([
    ['gb', CODE],
    ['UK', 'must be GB, which is the ISO code of the United Kingdom'],
    ['GBR', CODE],
    ['ZZ', CODE],
    ['AQ', CODE],
    ['all', CODE],
    ['44', CODE],
    ['__proto__', CODE],
    ['constructor', CODE],
    ['', CODE],
    [undefined, CODE],
    [44, CODE],
    [['GB'], CODE],
    ['SJ', shared('NO')],
    ['VA', shared('IT')],
  ])('rejects the entry %j', (entry, problem) => {
    expect(checkCountries(['GB', entry])).toEqual([{ field: 'countries[1]', problem }]);
  });

  it('names every wrong entry, holes too', () => {
    // oxlint-disable-next-line no-sparse-arrays -- what a trailing comma too many leaves
    expect(checkCountries(['XX', 'GB', , 'AX'])).toEqual([
      { field: 'countries[0]', problem: CODE },
      { field: 'countries[2]', problem: CODE },
      { field: 'countries[3]', problem: shared('FI') },
    ]);
  });
});

describe('checkNumberTypes', () => {
  const KNOWN = 'MOBILE, FIXED_LINE_OR_MOBILE, FIXED_LINE, VOIP, TOLL_FREE';

  it.each<[unknown]>([[DEFAULT_NUMBER_TYPES], [ALLOWABLE_NUMBER_TYPES], [['VOIP']]])('accepts %j', (types) => {
    expect(checkNumberTypes(types, 'guard.types')).toEqual([]);
  });

  it.each<[unknown]>([[undefined], [null], [[]], ['MOBILE'], ['all'], [{}]])(
    'rejects %j, which is no list',
    (types) => {
      const problem = `must be a list of ${KNOWN}`;
      expect(checkNumberTypes(types, 'guard.types')).toEqual([{ field: 'guard.types', problem }]);
    },
  );

  it.each<[unknown]>([
    ['PREMIUM_RATE'],
    ['SHARED_COST'],
    ['UAN'],
    ['PAGER'],
    ['VOICEMAIL'],
    ['PERSONAL_NUMBER'],
    ['mobile'],
    ['FIXED'],
    [''],
    [undefined],
    [1],
    ['toString'],
  ])('rejects the entry %j', (entry) => {
    const problem = `must be one of ${KNOWN}`;
    expect(checkNumberTypes(['MOBILE', entry], 'guard.types')).toEqual([{ field: 'guard.types[1]', problem }]);
  });
});
