import { isPerNumber, reasonFor } from '../protocol/status-codes.js';
import { SandboxError } from '../sandbox.error.js';
import { either, filledText, httpStatus, oneOf, refusingStatus, type FieldCheck } from './field.checks.js';
import { checkedFields, isRecord, type RecordChecks } from './record.checks.js';
import type { SandboxRule, TextPattern } from './sandbox.options.js';

export interface Matcher {
  test(text: string): boolean;
}

export interface CompiledRule {
  readonly number: Matcher | null;
  readonly content: Matcher | null;
  readonly senderId: Matcher | null;
  readonly status: number;
  readonly reason: string;
  readonly perNumber: boolean;
  readonly http: number | null;
}

const pattern: FieldCheck = (value) =>
  value instanceof RegExp || (isRecord(value) && toRegExp(value) !== null)
    ? null
    : 'an expression such as {"pattern": "^91", "flags": "i"}';

const text = either(filledText, pattern);

const ruleChecks: RecordChecks<SandboxRule> = {
  number: text,
  content: text,
  senderId: text,
  status: refusingStatus,
  reason: (value) => (typeof value === 'string' ? null : 'a text'),
  per: oneOf('number', 'call'),
  http: httpStatus,
};

export function compileRules(given: unknown): readonly CompiledRule[] {
  if (!Array.isArray(given)) throw new SandboxError('INVALID_OPTION', 'rules must be a list of rules', 'rules');
  return given.map((rule, index) => compileRule(rule, `rules[${index}]`));
}

function compileRule(given: unknown, field: string): CompiledRule {
  const { number, content, senderId, status, reason, per, http } = checkedFields<SandboxRule>(
    given,
    ruleChecks,
    'INVALID_OPTION',
    field,
  );
  if (status === undefined) throw new SandboxError('INVALID_OPTION', `${field}.status is missing`, `${field}.status`);
  if (number === undefined && content === undefined && senderId === undefined) {
    throw new SandboxError('INVALID_OPTION', `${field} must match a number, a content or a senderId`, field);
  }
  return {
    number: whole(number),
    content: typeof content === 'string' ? { test: (sent) => sent.includes(content) } : whole(content),
    senderId: whole(senderId),
    status,
    reason: reason ?? reasonFor(status),
    perNumber: per === undefined ? isPerNumber(status) : per === 'number',
    http: http ?? null,
  };
}

function whole(wanted: TextPattern | undefined): Matcher | null {
  if (wanted === undefined) return null;
  return typeof wanted === 'string' ? { test: (sent) => sent === wanted } : toRegExp(wanted);
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
