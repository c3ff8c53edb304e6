import { isPerNumber, reasonFor } from '../protocol/status-codes.js';
import { SandboxError } from '../sandbox.error.js';
import { httpStatus, oneOf, refusingStatus, shortList, type FieldCheck } from './field.checks.js';
import { checkedFields, type RecordChecks } from './record.checks.js';
import type { SandboxRule } from './sandbox.options.js';
import { part, textPattern, whole, type Matcher } from './text-pattern.js';

export interface CompiledRule {
  readonly number: Matcher | null;
  readonly content: Matcher | null;
  readonly senderId: Matcher | null;
  readonly status: number;
  readonly reason: string;
  readonly perNumber: boolean;
  readonly http: number | null;
}

export const ruleList: FieldCheck = shortList('rules');

const ruleChecks: RecordChecks<SandboxRule> = {
  number: textPattern,
  content: textPattern,
  senderId: textPattern,
  status: refusingStatus,
  reason: (value) => (typeof value === 'string' ? null : 'a text'),
  per: oneOf('number', 'call'),
  http: httpStatus,
};

export function compileRules(given: readonly unknown[]): readonly CompiledRule[] {
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
    content: part(content),
    senderId: whole(senderId),
    status,
    reason: reason ?? reasonFor(status),
    perNumber: per === undefined ? isPerNumber(status) : per === 'number',
    http: http ?? null,
  };
}
