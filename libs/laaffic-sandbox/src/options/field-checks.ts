import { SandboxError, type SandboxErrorCode } from '../sandbox.error.js';
import { toMicros, type Decimal } from '../vendor/decimal.js';

/** Returns what the value must be, or `undefined` if it is valid. */
export type FieldCheck = (value: unknown) => string | undefined;

export type RecordChecks<T> = { readonly [Field in keyof T]-?: FieldCheck };

/** Makes a check from a condition and the words that complete "must be …". */
export function check(isValid: (value: unknown) => boolean, expected: string): FieldCheck {
  return (value) => (isValid(value) ? undefined : expected);
}

export const boolean = check((value) => typeof value === 'boolean', 'true or false');

export const text = check((value) => typeof value === 'string', 'a string');

export const filledText = check(
  (value) => typeof value === 'string' && value.trim() === value && value !== '',
  'a non-empty string without surrounding whitespace',
);

export const amount = check(
  (value) =>
    (typeof value === 'string' || typeof value === 'number') && toMicros(value satisfies Decimal) !== undefined,
  'an amount such as 99.99, at most 999999999.999999',
);

export const callable = check((value) => typeof value === 'function', 'a function');

export const object = check(isRecord, 'an object');

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): FieldCheck {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return check(
    (value) => Number.isSafeInteger(value) && isBetween(value as number, min, max),
    `a whole number ${range}`,
  );
}

function isBetween(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}

/** The longest time a Node timer can run. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const milliseconds = integer(0, MAX_TIMEOUT_MS);

export function oneOf(...values: readonly (string | number)[]): FieldCheck {
  const list = values.map((value) => JSON.stringify(value)).join(', ');
  const expected = values.length === 1 ? list : `one of ${list}`;
  return check((value) => values.some((allowed) => allowed === value), expected);
}

export function either(first: FieldCheck, second: FieldCheck): FieldCheck {
  return (value) => {
    const expected = first(value);
    const alternative = expected === undefined ? undefined : second(value);
    return expected === undefined || alternative === undefined ? undefined : `${expected} or ${alternative}`;
  };
}

export function listOf(item: FieldCheck, name: string): FieldCheck {
  return check(
    (value) => Array.isArray(value) && value.every((entry) => item(entry) === undefined),
    `a list of ${name}`,
  );
}

/** A list whose entries are checked elsewhere. It is short, because every message is matched against it. */
export function shortList(name: string): FieldCheck {
  return check((value) => Array.isArray(value) && value.length <= 1000, `a list of at most 1000 ${name}`);
}

export const nullValue = check((value) => value === null, 'null');

export const limit = either(
  integer(0),
  check((value) => value === null || value === Infinity, 'null for no limit'),
);

/** A vendor status that rejects: negative. */
export const rejectionStatus = check(
  (value) => Number.isSafeInteger(value) && isBetween(value as number, -999, -1),
  'a status from -999 to -1',
);

export const httpStatus = integer(200, 599);

/** A vendor status or the HTTP status of an error. */
export const rejectionCode = either(
  rejectionStatus,
  check(
    (value) => Number.isSafeInteger(value) && isBetween(value as number, 400, 599),
    'an HTTP status from 400 to 599',
  ),
);

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Returns the fields that are not `undefined`.
 * @throws {SandboxError} naming the first field that is unknown or invalid.
 */
export function checkedFields<T extends object>(
  given: unknown,
  checks: RecordChecks<T>,
  code: SandboxErrorCode,
  prefix = '',
): Partial<T> {
  if (!isRecord(given)) {
    throw new SandboxError(code, `${prefix || 'The value'} must be an object`, prefix || undefined);
  }
  const known = new Map<string, FieldCheck>(Object.entries(checks));
  const fields: [string, unknown][] = [];
  for (const [name, value] of Object.entries(given)) {
    const field = prefix === '' ? name : `${prefix}.${name}`;
    const checkField = known.get(name);
    if (checkField === undefined) throw new SandboxError(code, `${field} is not a known field`, field);
    if (value === undefined) continue;
    const expected = checkField(value);
    if (expected !== undefined) throw new SandboxError(code, `${field} must be ${expected}`, field);
    fields.push([name, value]);
  }
  return Object.fromEntries(fields) as Partial<T>;
}
