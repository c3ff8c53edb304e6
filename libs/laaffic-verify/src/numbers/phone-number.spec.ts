import fc from 'fast-check';
import {
  getCountries,
  getCountryCallingCode,
  parsePhoneNumberWithError,
  type CountryCode,
} from 'libphonenumber-js/max';
import parseMobile from 'libphonenumber-js/mobile';
import examples from 'libphonenumber-js/mobile/examples';
import { cases } from '../../../../test/cases.js';
import { mobileNumbersOf } from '../../../../test/verify/mobile-numbers.js';
import { COUNTRIES, isCountry, readPhoneNumber } from './phone-number.js';

const GB = { e164: '+447400123456', country: 'GB', type: 'MOBILE' };
const DE = { e164: '+4915112345678', country: 'DE', type: 'MOBILE' };
const AU = { e164: '+61412345678', country: 'AU', type: 'MOBILE' };
const GG = { e164: '+447911123456', country: 'GG', type: 'MOBILE' };
const US = { e164: '+12133734253', country: 'US', type: 'FIXED_LINE_OR_MOBILE' };
const IT = { e164: '+393123456789', country: 'IT', type: 'MOBILE' };
const RU = { e164: '+79161234567', country: 'RU', type: 'MOBILE' };
const IN = { e164: '+919112345678', country: 'IN', type: 'MOBILE' };

describe('readPhoneNumber', () => {
  it.each([
    ['+447400123456', GB],
    ['00447400123456', GB],
    ['00 44 7400 123456', GB],
    ['+44 7400 123456', GB],
    ['+ 44-7400-123-456', GB],
    ['+44.7400.123456', GB],
    ['+44 7400/123456', GB],
    ['(+44) 7400 123456', GB],
    ['+44 (0)7400 123456', GB],
    ['+44 07400 123456', GB],
    ['  +447400123456\r\n', GB],
    ['\u202a+44\u00a07400\u2011123\u2212456\u202c', GB],
    ['+44\u30007400\u30fc123456', GB],
    ['\ufeff+44\u00ad7400\u200b123456', GB],
    ['\uff0b\uff14\uff14\uff087400\uff09123\uff0d456', GB],
    ['+٤٤ ٧٤٠٠ ١٢٣٤٥٦', GB],
    ['+۴۴۷۴۰۰۱۲۳۴۵۶', GB],
    ['+४४७४००१२३४५६', GB],
    [
      '+\u{1d7d2}\u{1d7dc}\u{1d7e9}\u{1d7f0}\u{1d7f6}\u{1d7d8}\u{1d7cf}\u{1d7da}\u{1d7d1}\u{1d7fa}\u{1d7f1}\u{1d7d4}',
      GB,
    ],
    ['+1 (213) 373-4253', US],
    ['+1 242 359 1234', { e164: '+12423591234', country: 'BS', type: 'MOBILE' }],
    ['+1 506 234 5678', { e164: '+15062345678', country: 'CA', type: 'FIXED_LINE_OR_MOBILE' }],
    ['+44 7911 123456', GG],
    ['+44 7624 212345', { e164: '+447624212345', country: 'IM', type: 'MOBILE' }],
    ['+7 771 000 9998', { e164: '+77710009998', country: 'KZ', type: 'MOBILE' }],
    ['+7 8 916 123 45 67', RU],
    ['+39 312 345 6789', IT],
    ['+39 06 698 12345', { e164: '+390669812345', country: 'VA', type: 'FIXED_LINE' }],
    ['+225 01 23 45 67 89', { e164: '+2250123456789', country: 'CI', type: 'MOBILE' }],
    ['+690 7290', { e164: '+6907290', country: 'TK', type: 'MOBILE' }],
    ['+44 70 1234 5678', { e164: '+447012345678', country: 'GB', type: 'PERSONAL_NUMBER' }],
    ['+44 909 012 3456', { e164: '+449090123456', country: 'GB', type: 'PREMIUM_RATE' }],
  ])('reads %j', (text, number) => {
    expect(readPhoneNumber(text)).toEqual(number);
    // A country changes nothing about an international number.
    for (const country of ['US', 'DE', 'GB', 'RU', 'BR', 'TK']) expect(readPhoneNumber(text, country)).toEqual(number);
  });

  it.each([
    ['07400 123456', 'GB', GB],
    ['7400 123456', 'GB', GB],
    ['(07400) 123456', 'GB', GB],
    ['٠٧٤٠٠١٢٣٤٥٦', 'GB', GB],
    ['07911 123456', 'GB', GG],
    ['07911 123456', 'IM', GG],
    ['(213) 373-4253', 'US', US],
    ['1 213 373 4253', 'US', US],
    ['213 373 4253', 'CA', US],
    ['8 (916) 123-45-67', 'RU', RU],
    ['312 345 6789', 'IT', IT],
    ['0151 12345678', 'DE', DE],
    ['0412 345 678', 'AU', AU],
    ['011 15 2345 6789', 'AR', { e164: '+5491123456789', country: 'AR', type: 'MOBILE' }],
    ['0 15 11 96123-4567', 'BR', { e164: '+5511961234567', country: 'BR', type: 'MOBILE' }],
    // As it is dialled from there.
    ['011 44 7400 123456', 'US', GB],
    ['0011 44 7400 123456', 'AU', GB],
    ['010 44 7400 123456', 'JP', GB],
    ['8 10 44 7400 123456', 'RU', GB],
    ['00 44 7400 123456', 'US', GB],
    // Carrier selection of Brazil would make another number of it.
    ['00 55 66 94944 7963', 'BR', { e164: '+5566949447963', country: 'BR', type: 'MOBILE' }],
  ])('reads %j of %s', (text, country, number) => {
    expect(readPhoneNumber(text, country)).toEqual(number);
  });

  it.each([
    ['61412345678', 'AU', AU],
    ['447400123456', 'GB', GB],
    ['44 07400 123456', 'GB', GB],
    // The library alone makes +49 4915112345678 of it.
    ['4915112345678', 'DE', DE],
    ['49 (0) 151 12345678', 'DE', DE],
    ['393123456789', 'IT', IT],
    ['919112345678', 'IN', IN],
    ['79161234567', 'RU', RU],
  ])('does not double the calling code of %j of %s', (text, country, number) => {
    expect(readPhoneNumber(text, country)).toEqual(number);
  });

  it('does not take the first digits of a national number for the calling code', () => {
    expect(readPhoneNumber('9112345678', 'IN')).toEqual(IN);
    expect(readPhoneNumber('393 123 4567', 'IT')).toEqual({ ...IT, e164: '+393931234567' });
  });

  it.each([
    ['53328899', 'CU', { e164: '+5353328899', country: 'CU', type: 'MOBILE' }],
    ['95224818', 'MM', { e164: '+9595224818', country: 'MM', type: 'MOBILE' }],
    ['38346258402', 'XK', { e164: '+38346258402', country: 'XK', type: 'MOBILE' }],
    ['358509084', 'FI', { e164: '+358509084', country: 'FI', type: 'MOBILE' }],
    ['62825840239', 'ID', { e164: '+62825840239', country: 'ID', type: 'MOBILE' }],
  ])(
    'reads %j of %s as the mobile number, and not as the fixed line that it can be as well',
    (text, country, number) => {
      expect(readPhoneNumber(text, country)).toEqual(number);
    },
  );

  it.each([
    ['483033642', 'PL'],
    ['464233795', 'SE'],
    ['49322673042', 'DE'],
    ['421521619', 'SK'],
  ])('rejects %j of %s, which can be two fixed lines', (text, country) => {
    const problem = 'must start with + and the country calling code, because it can be read as two numbers';
    expect(readPhoneNumber(text, country)).toEqual({ field: 'number', problem });
    expect(readPhoneNumber(`+${text}`, country)).toMatchObject({ e164: `+${text}`, type: 'FIXED_LINE' });
  });

  const TEXT = 'must be a phone number as text';
  const EMPTY = 'must not be empty';
  const LONG = 'must not have more than 64 characters';
  const LETTERS = 'must be a phone number without letters and without an extension';
  const SIGNS = 'must have nothing but digits, separators and one + at the start';
  const NATIONAL = 'must start with + and the country calling code, or come with a country';
  const IMPOSSIBLE = 'must be a phone number that can exist';
  const NO_COUNTRY = 'must belong to a country';
  it.each<[unknown, string]>([
    [undefined, TEXT],
    [null, TEXT],
    [447400123456, TEXT],
    [447400123456n, TEXT],
    [['+447400123456'], TEXT],
    [{ toString: () => '+447400123456' }, TEXT],
    ['', EMPTY],
    [' \u200b ', EMPTY],
    ['+', EMPTY],
    ['()-', EMPTY],
    ['+447400123456'.padEnd(65), LONG],
    ['+447400123456 ext. 5', LETTERS],
    ['+447400123456 x5', LETTERS],
    ['+447400123456#5', LETTERS],
    ['+447400123456;ext=5', LETTERS],
    ['+447400123456,,5', LETTERS],
    ['+447400123456 доб. 5', LETTERS],
    ['+447400123456, +447400123457', LETTERS],
    ['+1 800 FLOWERS', LETTERS],
    ['4.47400123456E+11', LETTERS],
    ['tel:+447400123456', SIGNS],
    ['sms', SIGNS],
    ['++447400123456', SIGNS],
    ['447400+123456', SIGNS],
    ['+447400123456 +447400123457', SIGNS],
    ['+447400123456+', SIGNS],
    ['+44740012345\u2076', SIGNS],
    ['+44740012345\u2465', SIGNS],
    ['+447400\n123456', SIGNS],
    ['+447400\u0000123456', SIGNS],
    ['+447400123456\ud800', SIGNS],
    ['+447400*123456', SIGNS],
    ["+447400123456' or 1=1", SIGNS],
    ['07400 123456', NATIONAL],
    ['447400123456', NATIONAL],
    ['(213) 373-4253', NATIONAL],
    ['112', NATIONAL],
    ['00', IMPOSSIBLE],
    ['+112', IMPOSSIBLE],
    ['+44 112', IMPOSSIBLE],
    ['+44 60300', IMPOSSIBLE],
    ['+1 911', IMPOSSIBLE],
    ['+0447400123456', IMPOSSIBLE],
    ['+44 7400 12345', IMPOSSIBLE],
    ['+44 7400 123456 7', IMPOSSIBLE],
    ['+44 7400 123456 44 7400 123457', IMPOSSIBLE],
    ['+999 123 456 789', IMPOSSIBLE],
    ['+1 555 555 5555', IMPOSSIBLE],
    ['+52 1 55 1234 5678', IMPOSSIBLE],
    ['+000000000000', IMPOSSIBLE],
    ['+' + '9'.repeat(63), IMPOSSIBLE],
    // Satellites, networks without a country, international premium rate, shared cost and freephone.
    ['+870 773 111 632', NO_COUNTRY],
    ['+881 612 345 678', NO_COUNTRY],
    ['+882 16 123 4567', NO_COUNTRY],
    ['+883 510 012 345 678', NO_COUNTRY],
    ['+878 10 1234 567890', NO_COUNTRY],
    ['+888 123 456 78901', NO_COUNTRY],
    ['+979 123 456 789', NO_COUNTRY],
    ['+808 1234 5678', NO_COUNTRY],
    ['+800 1234 5678', NO_COUNTRY],
    ['00 870 773 111 632', NO_COUNTRY],
  ])('rejects %j', (input, problem) => {
    expect(readPhoneNumber(input)).toEqual({ field: 'number', problem });
  });

  it('rejects a million digits without reading them', () => {
    expect(readPhoneNumber('9'.repeat(1_000_000))).toEqual({ field: 'number', problem: LONG });
  });

  it.each([
    ['112', 'DE'],
    ['911', 'US'],
    ['999', 'AC'],
    ['60300', 'GB'],
    ['10086', 'CN'],
    ['0', 'GB'],
    ['00', 'GB'],
    ['07400 12345', 'GB'],
    ['07400 123456 7', 'GB'],
  ])('rejects the short or impossible %j of %s', (text, country) => {
    expect(readPhoneNumber(text, country)).toEqual({ field: 'number', problem: IMPOSSIBLE });
  });

  it.each(['gb', 'UK', 'GBR', '', ' GB', '44', '001', 'AQ', 'ZZ', '__proto__', 'constructor', 'toString'])(
    'rejects the country %j, whatever the number is',
    (country) => {
      const problem = 'must be the ISO code of a country in two capital letters';
      expect(readPhoneNumber('07400 123456', country)).toEqual({ field: 'country', problem });
      expect(readPhoneNumber('+447400123456', country)).toEqual({ field: 'country', problem });
      expect(isCountry(country)).toBe(false);
    },
  );

  it('reads the digits of all scripts that this machine can write', () => {
    const systems = Intl.supportedValuesOf('numberingSystem');
    const tried = systems.filter((numberingSystem) => {
      const digits = new Intl.NumberFormat('en', { numberingSystem, useGrouping: false });
      const text = `+${Array.from('447400123456', (digit) => digits.format(Number(digit))).join('')}`;
      if (!/^\+\p{Nd}+$/u.test(text)) return false;
      expect(readPhoneNumber(text)).toEqual(GB);
      return true;
    });
    expect(tried.length).toBeGreaterThan(70);
  });

  it('knows every country of the library', () => {
    expect([...COUNTRIES].sort()).toEqual(getCountries().sort());
    expect(COUNTRIES.size).toBe(245);
  });

  /** The example of a country that is read as a number of another one, because both have the same mobile numbers. */
  const READ_AS: Partial<Record<CountryCode, CountryCode>> = {
    AX: 'FI',
    BL: 'GP',
    CC: 'AU',
    CX: 'AU',
    EH: 'MA',
    IM: 'GB',
    MF: 'GP',
    SJ: 'NO',
    VA: 'IT',
  };
  it.each(getCountries())('reads the example of %s in all forms', (country) => {
    const e164 = `+${getCountryCallingCode(country)}${examples[country]}`;
    const type = parsePhoneNumberWithError(e164).getType();
    const expected = { e164, country: READ_AS[country] ?? country, type };
    for (const text of formsOf(e164, country)) expect(readPhoneNumber(text, country)).toEqual(expected);
    expect(['MOBILE', 'FIXED_LINE_OR_MOBILE']).toContain(type);
  });

  it('reads all forms of a mobile number of any country as the same number', () => {
    const numbers = fc
      .constantFrom(...getCountries())
      .chain((country) => fc.record({ country: fc.constant(country), national: mobileNumbersOf(country) }))
      // Gabon's plan still has numbers of seven digits. With the trunk zero they are those of eight.
      .filter(({ country, national }) => country !== 'GA' || national.length > 7);
    fc.assert(
      fc.property(numbers, ({ country, national }) => {
        const e164 = `+${getCountryCallingCode(country)}${national}`;
        for (const text of formsOf(e164, country)) expect(readPhoneNumber(text, country)).toMatchObject({ e164 });
        expect(readPhoneNumber(e164)).toEqual(readPhoneNumber(national, country));
      }),
      { numRuns: cases(10_000, 1_000) },
    );
  });

  it('returns a number or a problem without the input, for any text and country', () => {
    const piece = fc.constantFrom('+', '00', '0', '(', ')', '-', ' ', ';ext=', 'x', '٤', '\u{1d7d2}', '44', '1', '870');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'+0123456789 ()-.'.split('')) }),
      fc.array(fc.oneof(piece, fc.stringMatching(/^\d{1,10}$/)), { maxLength: 12 }).map((all) => all.join('')),
    );
    const country = fc.option(fc.oneof(fc.constantFrom<string>(...getCountries()), fc.string()), { nil: undefined });
    fc.assert(
      fc.property(text, country, (input, from) => {
        const read = readPhoneNumber(input, from);
        if ('problem' in read) {
          expect(read).toEqual({ field: expect.stringMatching(/^(?:number|country)$/), problem: expect.any(String) });
          expect(read.problem).toMatch(/^must [a-zA-Z64 +,]+$/);
          return;
        }
        expect(read.e164).toMatch(/^\+\d{7,15}$/);
        expect(COUNTRIES).toContain(read.country);
        expect(parsePhoneNumberWithError(read.e164).isValid()).toBe(true);
        expect(readPhoneNumber(read.e164)).toEqual(read);
        expect(readPhoneNumber(read.e164, from)).toEqual(read);
      }),
      { numRuns: cases(100_000, 5_000) },
    );
  });

  it('never throws for a value of any type', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (input, country) => {
        expect(readPhoneNumber(input, country as string)).toEqual(expect.any(Object));
      }),
    );
  });

  it('uses the full metadata, because the smaller ones know neither premium nor personal numbers', () => {
    for (const text of ['+447012345678', '+449090123456', '+442071838750']) {
      expect(parseMobile(text)?.isValid()).toBe(false);
      expect(readPhoneNumber(text)).toMatchObject({ e164: text });
    }
    // Both call this one valid, and it belongs to no country.
    expect(parseMobile('+882 16 123 4567')?.isValid()).toBe(true);
    expect(readPhoneNumber('+882 16 123 4567')).toEqual({ field: 'number', problem: NO_COUNTRY });
  });
});

/** What people make of one number. */
function formsOf(e164: string, country: CountryCode): string[] {
  const number = parsePhoneNumberWithError(e164);
  const digits = e164.slice(1);
  return [
    e164,
    `00${digits}`,
    digits,
    number.nationalNumber,
    number.formatInternational(),
    number.formatNational(),
    number.format('IDD', { fromCountry: country }),
    number.formatInternational().replaceAll(' ', '-'),
    number.formatNational().replaceAll(/[ -]/g, '.'),
    `\u202a${number.formatInternational().replaceAll(' ', '\u00a0')}\u202c`,
    e164.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit))),
    e164.replaceAll(/[+\d]/g, (sign) => String.fromCodePoint(0xfee0 + sign.charCodeAt(0))),
  ];
}
