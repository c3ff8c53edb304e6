import fc from 'fast-check';
import { getCountries, getExampleNumber, type CountryCode, type PhoneNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import metadata from 'libphonenumber-js/metadata.max.json';
import { cases } from '../../../../test/cases.js';
import { maskNumber, maskNumbersIn, normalizeNumber, numberProblem } from './phone-number.js';

const digits = (min: number, max: number) =>
  fc
    .tuple(
      fc.constantFrom('1', '7', '91', '44', '852'),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: min - 1, maxLength: max - 3 }),
    )
    .map(([code, rest]) => code + rest.join(''));

describe('normalizeNumber', () => {
  it.each([
    ['91856321412', '91856321412'],
    ['+91856321412', '91856321412'],
    ['0091856321412', '91856321412'],
    ['+91 8563 214-12', '91856321412'],
    ['+1 (202) 555-0125', '12025550125'],
    ['(+1) 202.555.0125', '12025550125'],
    ['+49.30/901820', '4930901820'],
    ['  91856321412\n', '91856321412'],
    ['91\u00a0856\u202f321\u2011412', '91856321412'],
    ['9 1 8 5 6 3 2 1 4 1 2', '91856321412'],
    ['1234567', '1234567'],
    ['123456789012345', '123456789012345'],
    // The zero of the country, plain and not.
    ['+44 (0)20 7946 0958', '442079460958'],
    ['+49 (0) 170 1234567', '491701234567'],
    ['0049(0)170/1234567', '491701234567'],
    ['(+44) (0)20-7946-0958', '442079460958'],
    ['+39 06 698 12345', '390669812345'],
    ['+225 07 07 07 07 07', '2250707070707'],
    // Invisible marks, and every blank and dash that there is.
    ['\u202a+91856321412\u202c', '91856321412'],
    ['\u2068+91 856\u00ad321\u200b412\u2069', '91856321412'],
    ['\ufeff+91\u1680856\u2000321\u3000412', '91856321412'],
    ['+91\u2212856\u2043321\u2e3a412'.replace('\u2043', '\u2014'), '91856321412'],
    ['\uff0b\uff19\uff11856321412', '91856321412'],
  ])('converts %j into the form of the gateway', (text, expected) => {
    expect(normalizeNumber(text)).toBe(expected);
  });

  const [COUNTRY, BEHIND] = [
    'starts with 0, so its country code is missing',
    'has an extension or a second number after it',
  ];
  const [LINES, DECIMAL] = ['has more than one line', 'is a decimal of a spreadsheet: format the column as text'];
  const ZERO = 'has (0), which is dialled in some countries and not in others';
  const BRACKET = 'starts with a bracket, like numbers without a country code: write it with + and country code';
  const length = (count: number) => `has ${count} digits, and numbers have 7 to 15`;
  const foreign = (character: string) => `contains ${character}, which is not part of a number`;
  it.each([
    ['', 'is empty'],
    [' ', 'is empty'],
    ['+', 'is empty'],
    ['00', 'is empty'],
    ['5', 'has 1 digit, and numbers have 7 to 15'],
    ['123456', length(6)],
    ['1234567890123456', length(16)],
    ['0856321412', COUNTRY],
    ['+0856321412', COUNTRY],
    ['020 7946 0958', COUNTRY],
    ['++91856321412', 'has a + that is not at the start'],
    ['91856+321412', 'has a + that is not at the start'],
    ['91856321412,91856321413', foreign('“,”')],
    ['9185632x412', foreign('“x”')],
    ['918563214;2', foreign('“;”')],
    ['tel:+91856321412', foreign('“t”')],
    ['+44 7700 900123 ext. 4', foreign('“e”')],
    ['٩١٨٥٦٣٢١٤١٢', foreign('“٩”')],
    ['91856321412\u0000', foreign('the character U+0000')],
    ['91856321412\u{1f4de}', foreign('“\u{1f4de}”')],
    ['91856321412\ud800', foreign('the character U+D800')],
    ['9185000\n1234567', LINES],
    ['9185000\u20281234567', LINES],
    ['+91 (856 321412', 'has an unmatched bracket'],
    ['+91 856) 321412', 'has an unmatched bracket'],
    ['(201) 555-0123', BRACKET],
    ['(0)20 7946 0958', BRACKET],
    // What quietly became other numbers.
    ['+39 (0)6 698 12345', ZERO],
    ['+1 (0)202 555 0125', ZERO],
    ['44 (0)20 7946 0958', 'contains (0): leave it out, or write the 0 if it is dialled'],
    ['+44 020 7946 0958', 'has a 0 after the country code 44: leave the 0 out'],
    ['4402079460958', 'has a 0 after the country code 44: leave the 0 out'],
    ['+84 091 234 56 78', 'has a 0 after the country code 84: leave the 0 out'],
    ['+254 0712 123456', 'has a 0 after the country code 254: leave the 0 out'],
    ['91856321412.0', DECIMAL],
    ['+91856321412.0', DECIMAL],
    [' 91856321412.00\n', DECIMAL],
    ['91856321412.5', DECIMAL],
    ['1e11', 'is in the short form of a spreadsheet, which has lost digits'],
    ['9.18563E+11', 'is in the short form of a spreadsheet, which has lost digits'],
    ['9,18563e11', 'is in the short form of a spreadsheet, which has lost digits'],
    ['+44 7700 900123/124', BEHIND],
    ['+44 7700 900123 / 7700 900124', BEHIND],
    ['91856321412-1', BEHIND],
    ['91856321412-12', BEHIND],
    ['+91 85632 1412 3', BEHIND],
    ['1234567 7654321', BEHIND],
    ['+1 202 555 0125 (2)', BEHIND],
    ['20260131', 'is a date'],
    ['2026-01-31', 'is a date'],
    ['31.01.2026', 'is a date'],
    ['1/31/2026', 'is a date'],
  ])('rejects %j: it %s', (text, problem) => {
    expect(normalizeNumber(text)).toBeUndefined();
    expect(numberProblem(text)).toBe(`must be a phone number with country code: it ${problem}`);
  });

  it.each<[unknown, string]>([
    [5, 'must be a phone number as text, because a JSON number would lose zeros and digits'],
    [['91856321412'], 'must be a phone number as text'],
    [null, 'must be a phone number with country code, but is missing'],
    [undefined, 'must be a phone number with country code, but is missing'],
  ])('finds no number in %j', (value, problem) => {
    expect(numberProblem(value)).toBe(problem);
  });

  it('removes prefix and separators wherever people write them, and nothing else', () => {
    const decorated = fc
      .tuple(
        digits(7, 15),
        fc.constantFrom('', '+', '00'),
        fc.array(fc.constantFrom(' ', '-', '.', '\u2013', '\u200b', '\u00a0')),
      )
      .map(([number, prefix, separators]) => {
        const cut = Math.min(4, number.length - 2);
        return { number, text: prefix + number.slice(0, cut) + separators.join('') + number.slice(cut) };
      });
    fc.assert(
      fc.property(decorated, ({ number, text }) => {
        expect(normalizeNumber(text)).toBe(number);
      }),
    );
  });

  it('returns 7 to 15 digits of the text without a leading zero, or a problem, for any text', () => {
    const numberLike = fc.string({
      unit: fc.constantFrom(...Array.from('0123456789+ -./()\u00a0\u202a')),
      maxLength: 24,
    });
    const any = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), digits(1, 30), numberLike);
    fc.assert(
      fc.property(any, (text) => {
        const number = normalizeNumber(text);
        if (number === undefined) expect(numberProblem(text)).not.toContain('is one');
        else {
          expect(number).toMatch(/^[1-9]\d{6,14}$/);
          const written = text.normalize('NFKC').replace(/\D/g, '').replace(/^00/, '');
          expect([written, written.replace('0', '')]).toContain(number);
        }
      }),
      { numRuns: cases(20_000, 1000) },
    );
  });
});

describe('normalizeNumber', () => {
  const numbers = getCountries().flatMap((country: CountryCode) => getExampleNumber(country, examples) ?? []);
  const internationalForms = (number: PhoneNumber): string[] => {
    const written = number.formatInternational();
    return [
      number.number,
      number.number.slice(1),
      written,
      written.slice(1),
      written.replace('+', '00'),
      written.replaceAll(' ', '\u00a0'),
      written.replaceAll(' ', '-'),
      written.replaceAll(' ', '.'),
      `\u202a${written}\u202c`,
      number.formatInternational().replace(/ (\d+)/, ' ($1)'),
    ];
  };

  const expectRejected = (text: string) => {
    expect({ text, number: normalizeNumber(text) }).toStrictEqual({ text, number: undefined });
  };

  it.each(numbers.map((number) => [number.country, number] as const))('reads the numbers of %s', (_, number) => {
    const expected = number.number.slice(1);
    for (const text of internationalForms(number)) {
      expect({ text, number: normalizeNumber(text) }).toEqual({ text, number: expected });
    }

    // As it is dialled inside of the country it has no country code. It is rejected where that can be seen, and goes out
    // as it is written where it cannot.
    const national = number.formatNational();
    const digitsOnly = national.replace(/\D/g, '');
    expect([undefined, digitsOnly]).toContain(normalizeNumber(national));
    if (/^[0(]/.test(national)) expectRejected(national);

    // What stands behind it makes no other number of it.
    for (const more of ['/12', '-1', '.0', ' x12', ` / ${number.nationalNumber}`, `,${number.number}`, '\n1234567']) {
      expectRejected(number.formatInternational() + more);
      expectRejected(number.number + more);
    }
  });

  it('accepts a zero in brackets only for countries whose numbers never start with zero', () => {
    const prefixes = metadata.countries as unknown as Record<string, unknown[]>;
    const byCode = new Map<string, PhoneNumber[]>();
    for (const number of numbers) {
      byCode.set(number.countryCallingCode, [...(byCode.get(number.countryCallingCode) ?? []), number]);
    }
    const taken: string[] = [];
    for (const [code, ofCode] of byCode) {
      const isPlain = ofCode.every((number) => {
        return prefixes[number.country!]![5] === '0' && !number.nationalNumber.startsWith('0');
      });
      for (const number of ofCode) {
        const written = `+${code} (0)${number.nationalNumber}`;
        expect({ written, number: normalizeNumber(written) }).toStrictEqual({
          written,
          number: isPlain ? number.number.slice(1) : undefined,
        });
      }
      if (isPlain) taken.push(code);
    }
    expect(taken.length).toBeGreaterThan(90);
  });
});

describe('maskNumber', () => {
  it.each([
    ['91856321412', '9185…412'],
    ['1234567890', '1234…890'],
    ['123456789012345', '1234…345'],
    ['123456789', '…89'],
    ['1234567', '…67'],
  ])('shortens %s to %s', (number, masked) => {
    expect(maskNumber(number)).toBe(masked);
  });
});

describe('maskNumbersIn', () => {
  it('masks every number in a text, and keeps short digits', () => {
    expect(maskNumbersIn('DST 404: 91856321412,91856321413 rejected by 22')).toBe(
      'DST 404: 9185…412,9185…413 rejected by 22',
    );
  });

  it('leaves no run of seven digits or more', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String))), (parts) => {
        expect(maskNumbersIn(parts.join(''))).not.toMatch(/\d{7}/);
      }),
    );
  });
});
