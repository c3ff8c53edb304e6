const MAX_TAG = 100;

/**
 * Returns a BCP 47 language tag in its usual form, such as `pt-BR` for `PT-br`.
 * @returns `undefined` if it is not a language tag.
 */
export function canonicalLocale(tag: unknown): string | undefined {
  if (typeof tag !== 'string' || tag.length > MAX_TAG) return undefined;
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

/**
 * Yields a language tag, and then what it falls back to, by the lookup of RFC 4647 (3.4): the last part is removed each
 * time, and with it a single letter before it.
 * @param locale in its usual form.
 * @example
 * [...localeFallbacks('zh-Hant-TW')]; // ['zh-Hant-TW', 'zh-Hant', 'zh']
 */
export function* localeFallbacks(locale: string): Generator<string, void, undefined> {
  const parts = locale.split('-');
  while (parts.length > 0) {
    yield parts.join('-');
    parts.pop();
    if (parts.at(-1)?.length === 1) parts.pop();
  }
}
