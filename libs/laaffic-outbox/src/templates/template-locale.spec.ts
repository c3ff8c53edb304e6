import fc from 'fast-check';
import { canonicalLocale, localeFallbacks } from './template-locale.js';

it.each([
  ['en', 'en'],
  ['PT-br', 'pt-BR'],
  ['zh-hant-tw', 'zh-Hant-TW'],
  ['iw', 'he'],
  ['de-DE-u-co-phonebk', 'de-DE-u-co-phonebk'],
  ['x-klingon', undefined],
  ['pt_BR', undefined],
  ['', undefined],
  [' en', undefined],
  ['constructor', undefined],
  ['__proto__', undefined],
  ['e', undefined],
  ['en-', undefined],
  [`en-${'abcdefgh-'.repeat(20)}x`, undefined],
  ['en'.repeat(1_000_000), undefined],
  [undefined, undefined],
  [null, undefined],
  [1, undefined],
  [['en'], undefined],
])('the language tag %p is %p in its usual form', (tag, expected) => {
  expect(canonicalLocale(tag)).toBe(expected);
});

it.each([
  ['pt-BR', ['pt-BR', 'pt']],
  ['zh-Hant-TW', ['zh-Hant-TW', 'zh-Hant', 'zh']],
  ['de-DE-u-co-phonebk', ['de-DE-u-co-phonebk', 'de-DE-u-co', 'de-DE', 'de']],
  ['en', ['en']],
])('%s falls back as %j', (locale, expected) => {
  expect([...localeFallbacks(locale)]).toEqual(expected);
});

it('each fallback is a shorter beginning of the one before', () => {
  const tag = fc
    .array(fc.constantFrom('en', 'Latn', 'US', 'u', 'x', 'co'), { minLength: 1 })
    .map((parts) => parts.join('-'));
  fc.assert(
    fc.property(tag, (locale) => {
      const all = [...localeFallbacks(locale)];
      expect(all[0]).toBe(locale);
      for (const [index, each] of all.slice(1).entries()) expect(all[index]?.startsWith(`${each}-`)).toBe(true);
    }),
  );
});
