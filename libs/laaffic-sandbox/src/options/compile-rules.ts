import { SandboxError } from '../sandbox.error.js';
import { isPerNumber, reasonFor } from '../vendor/status-codes.js';
import {
  checkedFields,
  filledText,
  httpStatus,
  oneOf,
  rejectionStatus,
  shortList,
  text,
  type RecordChecks,
} from './field-checks.js';
import type { FailureRule, RejectionRule } from './sandbox-options.js';
import { matchPart, matchWhole, textPattern, type Matcher } from './text-pattern.js';

/** A rejection rule in the form the gateway works with. An absent matcher matches everything. */
export interface CompiledRejectionRule {
  readonly number: Matcher | undefined;
  readonly content: Matcher | undefined;
  readonly senderId: Matcher | undefined;
  readonly status: number;
  readonly reason: string;
  readonly isPerNumber: boolean;
  readonly httpStatus: number | undefined;
}

/** A failure rule in the form the gateway works with. An absent matcher matches everything. */
export interface CompiledFailureRule {
  readonly number: Matcher | undefined;
  readonly content: Matcher | undefined;
  readonly reason: string;
}

export const ruleList = shortList('rules');

const REJECTION_RULE_CHECKS: RecordChecks<RejectionRule> = {
  number: textPattern,
  content: textPattern,
  senderId: textPattern,
  status: rejectionStatus,
  reason: text,
  rejects: oneOf('number', 'request'),
  httpStatus,
};

const FAILURE_RULE_CHECKS: RecordChecks<FailureRule> = {
  number: textPattern,
  content: textPattern,
  reason: filledText,
};

export function compileRejectionRules(given: readonly unknown[]): readonly CompiledRejectionRule[] {
  return given.map((rule, index) => compileRejectionRule(rule, `rejectionRules[${index}]`));
}

function compileRejectionRule(given: unknown, field: string): CompiledRejectionRule {
  const rule = checkedFields<RejectionRule>(given, REJECTION_RULE_CHECKS, 'INVALID_OPTION', field);
  const { number, content, senderId, status, reason, rejects, httpStatus } = rule;
  if (status === undefined) throw new SandboxError('INVALID_OPTION', `${field}.status is missing`, `${field}.status`);
  if (number === undefined && content === undefined && senderId === undefined) {
    throw new SandboxError('INVALID_OPTION', `${field} must have a number, a content or a senderId to match`, field);
  }
  return {
    number: matchWhole(number),
    content: matchPart(content),
    senderId: matchWhole(senderId),
    status,
    reason: reason ?? reasonFor(status),
    isPerNumber: rejects === undefined ? isPerNumber(status) : rejects === 'number',
    httpStatus,
  };
}

export function compileFailureRules(given: readonly unknown[]): readonly CompiledFailureRule[] {
  return given.map((rule, index) => {
    const field = `failureRules[${index}]`;
    const checked = checkedFields<FailureRule>(rule, FAILURE_RULE_CHECKS, 'INVALID_OPTION', field);
    const { number, content, reason = 'UNDELIV' } = checked;
    if (number === undefined && content === undefined) {
      throw new SandboxError('INVALID_OPTION', `${field} must have a number or a content to match`, field);
    }
    return { number: matchWhole(number), content: matchPart(content), reason };
  });
}
