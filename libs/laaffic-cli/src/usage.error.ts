/** The call, the settings or the input are wrong, and nothing was sent; the message says what to do. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}
