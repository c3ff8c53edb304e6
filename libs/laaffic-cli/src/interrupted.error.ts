/** A signal came before anything was sent. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
