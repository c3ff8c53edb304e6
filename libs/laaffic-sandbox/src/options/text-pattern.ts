import type { ExpressionBudget } from './expression-budget.js';
import { check, either, filledText, isRecord, type FieldCheck } from './field-checks.js';
import type { TextPattern } from './sandbox-options.js';

export interface Matcher {
  /**
   * Returns the texts that match.
   * @throws {SlowExpressionError}
   */
  matching(texts: readonly string[], budget: ExpressionBudget): ReadonlySet<string>;
}

const MAX_PATTERN_LENGTH = 1000;

export const textPattern: FieldCheck = either(
  filledText,
  check(
    (value) => value instanceof RegExp || (isRecord(value) && toRegExp(value) !== undefined),
    `an expression such as {"pattern": "^91", "flags": "i"}, of at most ${MAX_PATTERN_LENGTH} characters`,
  ),
);

/** Makes a matcher for whole texts. */
export function matchWhole(pattern: TextPattern | undefined): Matcher | undefined {
  if (pattern === undefined) return undefined;
  return typeof pattern === 'string' ? literalMatcher((text) => text === pattern) : expressionMatcher(pattern);
}

/** Makes a matcher for which a literal needs to be a part of the text only. */
export function matchPart(pattern: TextPattern | undefined): Matcher | undefined {
  return typeof pattern === 'string' ? literalMatcher((text) => text.includes(pattern)) : matchWhole(pattern);
}

function literalMatcher(matches: (text: string) => boolean): Matcher {
  return { matching: (texts) => new Set(texts.filter(matches)) };
}

function expressionMatcher(pattern: unknown): Matcher | undefined {
  const expression = toRegExp(pattern);
  return expression && { matching: (texts, budget) => new Set(budget.matching(expression, texts)) };
}

/** Drops the flags `g` and `y`, because they make a match depend on the one before. */
function toRegExp(value: unknown): RegExp | undefined {
  const { source, pattern, flags = '' } = value as Record<string, unknown>;
  const written = value instanceof RegExp ? source : pattern;
  if (typeof written !== 'string' || typeof flags !== 'string' || written.length > MAX_PATTERN_LENGTH) return undefined;
  try {
    return new RegExp(written, flags.replace(/[gy]/g, ''));
  } catch {
    return undefined;
  }
}
