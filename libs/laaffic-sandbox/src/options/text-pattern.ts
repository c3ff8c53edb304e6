import type { ExpressionTime } from './expression-time.js';
import { either, filledText, type FieldCheck } from './field.checks.js';
import { isRecord } from './record.checks.js';
import type { TextPattern } from './sandbox.options.js';

export interface Matcher {
  /** Those of the texts that it matches. @throws {SlowExpressionError} */
  among(texts: readonly string[], time: ExpressionTime): ReadonlySet<string>;
}

const longestPattern = 1000;

const pattern: FieldCheck = (value) =>
  value instanceof RegExp || (isRecord(value) && toRegExp(value) !== null)
    ? null
    : `an expression such as {"pattern": "^91", "flags": "i"}, of at most ${longestPattern} characters`;

export const textPattern: FieldCheck = either(filledText, pattern);

export function whole(wanted: TextPattern | undefined): Matcher | null {
  if (wanted === undefined) return null;
  return typeof wanted === 'string' ? literal((sent) => sent === wanted) : expression(wanted);
}

/** Like `whole`, but a text needs only to be a part of what was sent. */
export function part(wanted: TextPattern | undefined): Matcher | null {
  return typeof wanted === 'string' ? literal((sent) => sent.includes(wanted)) : whole(wanted);
}

function literal(matches: (sent: string) => boolean): Matcher {
  return { among: (texts) => new Set(texts.filter(matches)) };
}

function expression(wanted: unknown): Matcher | null {
  const compiled = toRegExp(wanted);
  return compiled && { among: (texts, time) => new Set(time.matching(compiled, texts)) };
}

/** Without the flags `g` and `y`, which would make a match depend on the one before. */
function toRegExp(wanted: unknown): RegExp | null {
  const { source, pattern, flags = '' } = wanted as Record<string, unknown>;
  const written = wanted instanceof RegExp ? source : pattern;
  if (typeof written !== 'string' || typeof flags !== 'string' || written.length > longestPattern) return null;
  try {
    return new RegExp(written, flags.replace(/[gy]/g, ''));
  } catch {
    return null;
  }
}
