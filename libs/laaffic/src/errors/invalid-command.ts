import type { ValidationError } from '@nestjs/common';
import type { Issue } from '../messages/issue.js';
import { LaafficInputException } from './laaffic.exception.js';
import { LOCAL_FAILURES } from './local-failures.js';

/** The exception of a command that our own validation refused. */
export function invalidCommand(issues: readonly Issue[]): LaafficInputException {
  return new LaafficInputException(LOCAL_FAILURES.invalidCommand, { issues });
}

/**
 * An `exceptionFactory` for Nest's `ValidationPipe`, so that a body that the pipe refuses is answered
 * like one that the service refuses, with `code`, `outcome` and `field`:
 * `new ValidationPipe({ transform: true, exceptionFactory: toInputException })`.
 */
export function toInputException(errors: readonly ValidationError[]): LaafficInputException {
  return invalidCommand(errors.flatMap((error) => issuesOf(error, '')));
}

function issuesOf(error: ValidationError, path: string): Issue[] {
  const own = Object.values(error.constraints ?? {}).map((text) => issueOf(text, error.property, path));
  const children = error.children ?? [];
  return [...own, ...children.flatMap((child) => issuesOf(child, `${path}${error.property}.`))];
}

/** Most messages of class-validator start with the property, ours with the position in it: `to[2] must …`. */
function issueOf(text: string, property: string, path: string): Issue {
  const [first = ''] = text.split(' ', 1);
  const isField = first === property || first.startsWith(`${property}[`) || first.startsWith(`${property}.`);
  return isField
    ? { field: path + first, problem: text.slice(first.length + 1) }
    : { field: path + property, problem: `is refused: ${text}` };
}
