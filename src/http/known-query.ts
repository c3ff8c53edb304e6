import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { invalidCommand } from 'nestjs-laaffic';

/** The fields of a query string, as they came. */
export type Query = Readonly<Record<string, unknown>>;

/**
 * The query of a request, every field of which has to be known: one that is misspelt would give the whole list.
 * @throws {LaafficInputException}
 */
export const KnownQuery = createParamDecorator((known: readonly string[], context: ExecutionContext): Query => {
  const { query } = context.switchToHttp().getRequest<Request>();
  const problem = known.length === 0 ? 'is not known: there is nothing to choose' : `is not known: ${known.join(', ')}`;
  const issues = Object.keys(query).flatMap((field) => (known.includes(field) ? [] : [{ field, problem }]));
  if (issues.length > 0) throw invalidCommand(issues);
  return query;
});
