/** A key of one of the service's callers. */
export interface ApiKey {
  /** Who calls with it, for the history. */
  readonly name: string;
  readonly key: string;
}

const SHORTEST_KEY = 16;
const NAMED_KEY = /^(?:([^:]*):)?([^:]*)$/;
const NAME = /^[a-z\d][\w.-]{0,39}$/i;

/**
 * Reads entries of the form `name:key`; a key without a name is called by its place, `key-1`. A name may come
 * again, so that a caller can change its key.
 * @param problems gets what is wrong, never with a key.
 */
export function readApiKeys(entries: readonly string[], problems: string[]): ApiKey[] {
  const keys = entries.map((entry, index): ApiKey => {
    const [, name = `key-${index + 1}`, key = ''] = NAMED_KEY.exec(entry) ?? [];
    return { name: name.trim(), key: key.trim() };
  });
  if (keys.some(({ key }) => key.length < SHORTEST_KEY)) {
    problems.push(`API_KEYS must be at least ${SHORTEST_KEY} characters each`);
  } else if (keys.some(({ key }) => !/^[!-~]+$/.test(key))) {
    problems.push('API_KEYS must be of ASCII characters without blanks, or no header can hold them');
  }
  if (keys.some(({ name }) => !NAME.test(name))) {
    problems.push('API_KEYS must have names of at most 40 letters, digits, dots, hyphens and underscores: name:key');
  }
  if (new Set(keys.map(({ key }) => key)).size < keys.length) problems.push('API_KEYS must not have a key twice');
  return keys;
}
