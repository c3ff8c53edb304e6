import { getCountries } from 'libphonenumber-js/max';
import { countryOfMcc } from './mobile-country-codes.js';

const CODES = Array.from({ length: 800 }, (_, index) => String(index).padStart(3, '0'));

describe('countryOfMcc', () => {
  it.each([
    ['202', 'GR'],
    ['234', 'GB'],
    ['235', 'GB'],
    ['310', 'US'],
    ['316', 'US'],
    ['404', 'IN'],
    ['460', 'CN'],
    ['525', 'SG'],
    ['655', 'ZA'],
    ['750', 'FK'],
    ['901', undefined],
    ['999', undefined],
    ['23', undefined],
    ['', undefined],
  ])('%s is in %s', (mcc, country) => {
    expect(countryOfMcc(mcc)).toBe(country);
  });

  it('knows nearly all countries that have phone numbers, and no others', () => {
    const known = new Set(CODES.flatMap((mcc) => countryOfMcc(mcc) ?? []));
    const countries: string[] = getCountries();
    expect([...known].filter((country) => !countries.includes(country))).toEqual([]);
    // They have the code of another country.
    expect(countries.filter((country) => !known.has(country))).toEqual([
      ...['AC', 'AX', 'BL', 'BQ', 'CC', 'CX', 'EH', 'GG', 'GU', 'IM', 'IO', 'JE', 'MF', 'MP', 'MQ', 'NF', 'PS', 'SJ'],
      ...['SX', 'TA', 'YT'],
    ]);
  });
});
