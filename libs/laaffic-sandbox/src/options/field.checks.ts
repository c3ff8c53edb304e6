import { toMicros, type Decimal } from './decimal.js';

/** Says what the value should have been; `null` when it is right. */
export type FieldCheck = (value: unknown) => string | null;

export const boolean: FieldCheck = (value) => (typeof value === 'boolean' ? null : 'true or false');

export const filledText: FieldCheck = (value) =>
  typeof value === 'string' && value.trim() === value && value !== '' ? null : 'a text without blanks around it';

export const amount: FieldCheck = (value) =>
  (typeof value === 'string' || typeof value === 'number') && toMicros(value satisfies Decimal) !== null
    ? null
    : 'an amount such as 99.99, at most 999999999.999999';

export const callable: FieldCheck = (value) => (typeof value === 'function' ? null : 'a function');

export function integer(least: number, most = Number.MAX_SAFE_INTEGER): FieldCheck {
  const expected = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `from ${least} to ${most}`;
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? null
      : `a whole number ${expected}`;
}

export function oneOf(...values: readonly (string | number)[]): FieldCheck {
  return (value) =>
    values.some((allowed) => allowed === value)
      ? null
      : `one of ${values.map((allowed) => JSON.stringify(allowed)).join(', ')}`;
}

export function either(first: FieldCheck, second: FieldCheck): FieldCheck {
  return (value) => {
    const expected = first(value);
    const alternative = expected === null ? null : second(value);
    return expected === null || alternative === null ? null : `${expected} or ${alternative}`;
  };
}

export function listOf(item: FieldCheck, name: string): FieldCheck {
  return (value) => (Array.isArray(value) && value.every((entry) => item(entry) === null) ? null : `a list of ${name}`);
}

/** A list whose entries are checked one by one elsewhere, and are looked through for each message. */
export function shortList(name: string): FieldCheck {
  return (value) => (Array.isArray(value) && value.length <= 1000 ? null : `a list of at most 1000 ${name}`);
}

export const none: FieldCheck = (value) => (value === null ? null : 'null');

export const limit: FieldCheck = either(integer(0), (value) =>
  value === null || value === Infinity ? null : 'null for no limit',
);

/** A vendor status that refuses: negative. */
export const refusingStatus: FieldCheck = (value) =>
  integer(-999, -1)(value) === null ? null : 'a status from -999 to -1';

export const httpStatus: FieldCheck = integer(200, 599);

/** A vendor status or an HTTP error. */
export const refusalCode: FieldCheck = (value) =>
  refusingStatus(value) === null || integer(400, 599)(value) === null
    ? null
    : 'a status from -999 to -1 or an HTTP status from 400 to 599';
