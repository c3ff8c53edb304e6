import { either, filledText, type FieldCheck } from './field.checks.js';
import { isRecord } from './record.checks.js';
import type { TextPattern } from './sandbox.options.js';

export interface Matcher {
  test(text: string): boolean;
}

const pattern: FieldCheck = (value) =>
  value instanceof RegExp || (isRecord(value) && toRegExp(value) !== null)
    ? null
    : 'an expression such as {"pattern": "^91", "flags": "i"}';

export const textPattern: FieldCheck = either(filledText, pattern);

export function whole(wanted: TextPattern | undefined): Matcher | null {
  if (wanted === undefined) return null;
  return typeof wanted === 'string' ? { test: (sent) => sent === wanted } : toRegExp(wanted);
}

/** Like `whole`, but a text needs only to be a part of what was sent. */
export function part(wanted: TextPattern | undefined): Matcher | null {
  return typeof wanted === 'string' ? { test: (sent) => sent.includes(wanted) } : whole(wanted);
}

/** Without the flags `g` and `y`, which would make a match depend on the one before. */
function toRegExp(wanted: unknown): RegExp | null {
  const { source, pattern, flags = '' } = wanted as Record<string, unknown>;
  const written = wanted instanceof RegExp ? source : pattern;
  if (typeof written !== 'string' || typeof flags !== 'string') return null;
  try {
    return new RegExp(written, flags.replace(/[gy]/g, ''));
  } catch {
    return null;
  }
}
