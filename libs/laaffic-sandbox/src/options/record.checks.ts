import { SandboxError, type SandboxErrorCode } from '../sandbox.error.js';
import type { FieldCheck } from './field.checks.js';

export type RecordChecks<T> = { readonly [Field in keyof T]-?: FieldCheck };

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields that are not `undefined`; throws, naming the field, for one that is unknown or wrong. */
export function checkedFields<T extends object>(
  given: unknown,
  checks: RecordChecks<T>,
  code: SandboxErrorCode,
  prefix = '',
): Partial<T> {
  if (!isRecord(given)) throw new SandboxError(code, `${prefix || 'It'} must be an object`, prefix || null);
  const known = new Map<string, FieldCheck>(Object.entries(checks));
  const fields: [string, unknown][] = [];
  for (const [name, value] of Object.entries(given)) {
    const field = prefix === '' ? name : `${prefix}.${name}`;
    const check = known.get(name);
    if (check === undefined) throw new SandboxError(code, `${field} is not known`, field);
    if (value === undefined) continue;
    const expected = check(value);
    if (expected !== null) throw new SandboxError(code, `${field} must be ${expected}`, field);
    fields.push([name, value]);
  }
  return Object.fromEntries(fields) as Partial<T>;
}
