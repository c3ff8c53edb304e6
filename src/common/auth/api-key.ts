/** The API key of a caller. */
export interface ApiKey {
  /** The name of the caller, for the history. */
  readonly name: string;
  readonly key: string;
}

const MIN_KEY_LENGTH = 16;
const NAMED_KEY = /^(?:([^:]*):)?([^:]*)$/;
/** The form of a name. */
export const KEY_NAME = /^[a-z\d][\w.-]{0,39}$/i;
/** Actors of the history that are not callers. */
const RESERVED_NAMES = ['api', 'app', 'gateway', 'probe'];

/** Keys without a name are `key-1`, `key-2`, …; workers are host, process and a random part. */
const RESERVED_FORMS = /^key-\d+$|\.\d+\.[\da-f]+$/i;

/** Whether the history would show a key with this name as another actor. */
export function isReservedName(name: string): boolean {
  return RESERVED_NAMES.includes(name.toLowerCase()) || RESERVED_FORMS.test(name);
}

/**
 * Reads entries of the form `name:key`. A key without a name is named by its place, such as `key-1`. A name may occur
 * twice, so that a caller can change its key.
 * @param report gets each problem, as the rest of a sentence. It never contains a key.
 */
export function readApiKeys(entries: readonly string[], report: (problem: string) => void): ApiKey[] {
  const keys = entries.map((entry, index): ApiKey => {
    const [, name = `key-${index + 1}`, key = ''] = NAMED_KEY.exec(entry) ?? [];
    return { name: name.trim(), key: key.trim() };
  });
  if (keys.some(({ key }) => key.length < MIN_KEY_LENGTH)) {
    report(`must be at least ${MIN_KEY_LENGTH} characters each`);
  } else if (keys.some(({ key }) => !/^[!-~]+$/.test(key))) {
    report('must be visible ASCII characters, because they are sent in a header');
  }
  if (keys.some(({ name }) => !KEY_NAME.test(name))) {
    report('must have names of at most 40 letters, digits, dots, hyphens and underscores: name:key');
  }
  if (new Set(keys.map(({ key }) => key)).size < keys.length) report('must not have a key twice');
  return keys;
}
