/**
 * The app's own SQL transaction, in whatever library: something that runs one statement with
 * parameters `$1`, `$2`, … and gives its rows, as an array or as the property `rows`. Each parameter is text
 * or null, and cast in the statement, so that every driver can pass it. A pool is none: what it runs is
 * committed at once.
 */
export interface SqlTransaction {
  query(text: string, params: unknown[]): Promise<unknown>;
}

/** The rows that a library gave, in either form. */
export function rowsOf(result: unknown): unknown[] | undefined {
  if (Array.isArray(result)) return result as unknown[];
  const rows: unknown = typeof result === 'object' && result !== null && 'rows' in result ? result.rows : undefined;
  return Array.isArray(rows) ? rows : undefined;
}
