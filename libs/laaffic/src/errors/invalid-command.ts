import type { ValidationError } from '@nestjs/common';
import type { Issue } from '../messages/issue.js';
import { LaafficInputException } from './laaffic.exception.js';
import { LOCAL_FAILURES } from './local-failures.js';

/**
 * Creates the exception of a command that did not pass this package's own validation.
 * @example
 * throw invalidCommand([{ field: 'to', problem: 'must not be a premium number' }]);
 */
export function invalidCommand(issues: readonly Issue[]): LaafficInputException {
  return new LaafficInputException(LOCAL_FAILURES.invalidCommand, { issues });
}

/**
 * Converts the errors of Nest's `ValidationPipe`: its `exceptionFactory`. A body that the pipe rejects then gets the same
 * response as one that the service rejects, with `code`, `outcome` and `field`.
 * @example
 * app.useGlobalPipes(new ValidationPipe({ transform: true, exceptionFactory: toInputException }));
 */
export function toInputException(errors: readonly ValidationError[]): LaafficInputException {
  return invalidCommand(errors.flatMap((error) => issuesOf(error, '')));
}

function issuesOf(error: ValidationError, path: string): Issue[] {
  const own = Object.values(error.constraints ?? {}).map((text) => issueOf(text, error.property, path));
  const children = error.children ?? [];
  return [...own, ...children.flatMap((child) => issuesOf(child, `${path}${error.property}.`))];
}

/** Most messages of class-validator start with the property; ours start with the position in it: `to[2] must …`. */
function issueOf(text: string, property: string, path: string): Issue {
  const [first = ''] = text.split(' ', 1);
  const isField = first === property || first.startsWith(`${property}[`) || first.startsWith(`${property}.`);
  return isField
    ? { field: path + first, problem: text.slice(first.length + 1) }
    : { field: path + property, problem: `is rejected: ${text}` };
}
