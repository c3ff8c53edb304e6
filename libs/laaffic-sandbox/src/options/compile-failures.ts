import { SandboxError } from '../sandbox.error.js';
import { filledText, shortList, type FieldCheck } from './field.checks.js';
import { checkedFields, type RecordChecks } from './record.checks.js';
import type { SandboxFailure } from './sandbox.options.js';
import { part, textPattern, whole, type Matcher } from './text-pattern.js';

export interface CompiledFailure {
  readonly number: Matcher | null;
  readonly content: Matcher | null;
  readonly reason: string;
}

const checks: RecordChecks<SandboxFailure> = { number: textPattern, content: textPattern, reason: filledText };

export const failureList: FieldCheck = shortList('failures');

export function compileFailures(given: readonly unknown[]): readonly CompiledFailure[] {
  return given.map((failure, index) => {
    const field = `failures[${index}]`;
    const {
      number,
      content,
      reason = 'UNDELIV',
    } = checkedFields<SandboxFailure>(failure, checks, 'INVALID_OPTION', field);
    if (number === undefined && content === undefined) {
      throw new SandboxError('INVALID_OPTION', `${field} must match a number or a content`, field);
    }
    return { number: whole(number), content: part(content), reason };
  });
}
