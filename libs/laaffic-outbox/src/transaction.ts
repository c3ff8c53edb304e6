/**
 * The app's own SQL transaction, in whatever library: something that runs one statement with
 * parameters `$1`, `$2`, … and gives its rows, as an array or as the property `rows`.
 */
export interface SqlTransaction {
  query(text: string, params: unknown[]): Promise<unknown>;
}

/** The rows that a library gave, in either form. */
export function rowsOf<R>(result: unknown): R[] | undefined {
  if (Array.isArray(result)) return result as R[];
  const rows: unknown = typeof result === 'object' && result !== null && 'rows' in result ? result.rows : undefined;
  return Array.isArray(rows) ? (rows as R[]) : undefined;
}
