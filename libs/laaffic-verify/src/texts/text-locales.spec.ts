import fc from 'fast-check';
import { chooseLocale, normalizeLocale } from './text-locales.js';

const BUILT_IN = ['en', 'es', 'pt', 'fr', 'de', 'hi', 'id', 'tr', 'ar', 'zh', 'zh-Hant'];

describe('normalizeLocale', () => {
  it.each([
    ['de', 'de'],
    ['DE', 'de'],
    ['pt-br', 'pt-BR'],
    ['pt_BR', 'pt-BR'],
    ['pt_BR.UTF-8', 'pt-BR'],
    ['sr_RS@latin', 'sr-RS'],
    ['ZH-HANT-tw', 'zh-Hant-TW'],
    ['cmn', 'zh'],
    ['in', 'id'],
    ['en-US-u-nu-arab', 'en-US'],
    [' fr ', 'fr'],
    ['', undefined],
    ['und', undefined],
    ['default', undefined],
    ['POSIX', undefined],
    ['de,en;q=0.9', undefined],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['de\0', undefined],
    [`de-${'a'.repeat(5_000)}`, undefined],
  ])('reads %j as %j', (tag, locale) => {
    expect(normalizeLocale(tag)).toBe(locale);
  });

  it('never throws, and changes its own results no more', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z]{1,3}[-_][A-Za-z0-9]{1,8}$/));
    const property = fc.property(text, (tag) => {
      const locale = normalizeLocale(tag);
      expect(locale === undefined ? undefined : normalizeLocale(locale)).toBe(locale);
    });
    fc.assert(property);
  });
});

describe('chooseLocale', () => {
  it.each([
    ['the asked language', 'de', 'FR', 'de'],
    ['the language of the asked locale', 'de-AT', 'FR', 'de'],
    ['any case and underscores', 'PT_br', 'FR', 'pt'],
    ['a variant', 'de-CH-1996', 'FR', 'de'],
    ['an old code', 'in-ID', 'FR', 'id'],
    ['the script of the region', 'zh-TW', undefined, 'zh-Hant'],
    ['the script of the region', 'zh-SG', undefined, 'zh'],
    ['the language of the country if the asked one has no text', 'it', 'FR', 'fr'],
    ['the language of the country', undefined, 'BR', 'pt'],
    ['the language of the country', undefined, 'IN', 'hi'],
    ['the language of the country', undefined, 'MX', 'es'],
    ['the language of the country', undefined, 'EG', 'ar'],
    ['the language of the country', undefined, 'CN', 'zh'],
    ['the language of the country', undefined, 'HK', 'zh-Hant'],
    ['the language of the country, in lower case', undefined, 'tr', 'tr'],
    ['the country if the asked one is junk', '!!', 'ID', 'id'],
    ['the default if the country has a language without a text', undefined, 'IT', 'en'],
    ['the default for a number without a country', undefined, '001', 'en'],
    ['the default for junk', '\u202e\0', 'Germany', 'en'],
    ['the default if nothing is known', undefined, undefined, 'en'],
    ['the default for an empty tag', '', '', 'en'],
  ])('takes %s: %j in %j is %s', (_, asked, country, locale) => {
    expect(chooseLocale(BUILT_IN, asked, country, 'en')).toBe(locale);
  });

  it.each([
    ['de-CH', undefined, 'de-CH'],
    ['de-CH-1996', undefined, 'de-CH'],
    ['de', undefined, 'de'],
    [undefined, 'CH', 'de-CH'],
    [undefined, 'DE', 'de'],
    // Another region is closer than another language.
    ['pt', undefined, 'pt-BR'],
    ['pt-PT', undefined, 'pt-BR'],
    [undefined, 'AO', 'pt-BR'],
  ])('prefers the closest of several regions: %j in %j is %s', (asked, country, locale) => {
    expect(chooseLocale(['de', 'de-CH', 'pt-BR'], asked, country, 'de')).toBe(locale);
  });

  it('always chooses an available locale', () => {
    const any = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('de-AT', 'x', 'zh-HK', 'pt_BR')), {
      nil: undefined,
    });
    const property = fc.property(any, any, (asked, country) => {
      expect(BUILT_IN).toContain(chooseLocale(BUILT_IN, asked, country, 'en'));
    });
    fc.assert(property);
  });
});
