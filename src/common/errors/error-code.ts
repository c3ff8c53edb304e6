/** The `code` of an error, whatever it is of: Node.js, PostgreSQL, the outbox. `undefined` if it has none. */
export function errorCodeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
