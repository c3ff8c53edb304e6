/**
 * The app's own SQL transaction, in any library. It runs one statement with the parameters `$1`, `$2`, … and returns
 * the rows, as an array or in the property `rows`. Each parameter is text or null and is cast in the statement, so
 * every driver can pass it. A pool does not qualify, because it commits each statement at once. The client of `pg` fits
 * as it is. For other libraries there are adapters, such as `typeOrmTransaction` of `nestjs-laaffic-outbox/typeorm`.
 * @example
 * const transaction: SqlTransaction = { query: (text, params) => client.query(text, params) };
 */
export interface SqlTransaction {
  query(text: string, params: unknown[]): Promise<unknown>;
}

/** Returns the rows that a library returned in either form. */
export function rowsOf(result: unknown): unknown[] | undefined {
  if (Array.isArray(result)) return result as unknown[];
  const rows: unknown = typeof result === 'object' && result !== null && 'rows' in result ? result.rows : undefined;
  return Array.isArray(rows) ? rows : undefined;
}
