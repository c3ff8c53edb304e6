/** Longer than any tag that names a language; the time to read a tag must not depend on a caller. */
const MAX_LENGTH = 60;

/**
 * Writes a language tag in its usual form. Accepts any case, `_` for `-`, and what POSIX adds: `pt_br.UTF-8` is `pt-BR`.
 * Leaves extensions out, and replaces old codes: `in` is `id`.
 * @returns `undefined` if it is not a language tag (BCP 47).
 */
export function normalizeLocale(tag: string): string | undefined {
  const locale = readLocale(tag);
  return locale === undefined || locale.language === 'und' ? undefined : locale.baseName;
}

/**
 * Chooses the locale of a message: the one that was asked for, then its language, then the main language of the number's
 * country (likely subtags of CLDR), then the default.
 *
 * A locale without its own text takes the text of the same script (`zh-TW` reads `zh-Hant`), then of the same language,
 * then of the same language in another region.
 * @param available normalized locales.
 * @param asked a language tag from anywhere. Anything that is not a language tag counts as not given.
 * @param country two letters (ISO 3166).
 */
export function chooseLocale(
  available: readonly string[],
  asked: string | undefined,
  country: string | undefined,
  fallback: string,
): string {
  const locale = asked === undefined ? undefined : readLocale(asked);
  return closest(available, locale) ?? closest(available, localeOfCountry(country)) ?? fallback;
}

function closest(available: readonly string[], locale: Intl.Locale | undefined): string | undefined {
  if (locale === undefined || locale.language === 'und') return undefined;
  const { language, script } = locale.maximize();
  const candidates = [...shorterTags(locale.baseName), `${language}-${script ?? ''}`, language];
  return (
    candidates.find((candidate) => available.includes(candidate)) ??
    available.find((candidate) => candidate.startsWith(`${language}-`))
  );
}

/** `de-CH-1996`, `de-CH`, but not `de`: the script comes before it. */
function shorterTags(tag: string): string[] {
  const subtags = tag.split('-');
  return subtags.slice(1).map((_, removed) => subtags.slice(0, subtags.length - removed).join('-'));
}

function localeOfCountry(country: string | undefined): Intl.Locale | undefined {
  if (country === undefined || !/^[a-z]{2}$/i.test(country)) return undefined;
  const { language, region } = new Intl.Locale(`und-${country}`).maximize();
  return new Intl.Locale(`${language}-${region ?? country}`);
}

function readLocale(tag: string): Intl.Locale | undefined {
  const plain = tag
    .trim()
    .replaceAll('_', '-')
    .replace(/[.@].*$/s, '');
  if (plain === '' || tag.length > MAX_LENGTH) return undefined;
  try {
    const locale = new Intl.Locale(plain);
    // No registered language has more letters, so words such as `default` or `posix` are not tags.
    return locale.language.length <= 3 ? locale : undefined;
  } catch {
    return undefined;
  }
}
