import { invalidCommand } from 'nestjs-laaffic';

/**
 * Rejects the query of a request whose fields are in a JSON body.
 * @throws {LaafficInputException} if there is a query.
 */
export function rejectQuery(query: Readonly<Record<string, unknown>>): void {
  const issues = Object.keys(query).map((field) => ({
    field,
    problem: 'must be in the body, if that is JSON, not in the query',
  }));
  if (issues.length > 0) throw invalidCommand(issues);
}
