/** The command line, the settings or the input are wrong, and nothing was sent. The message says what to do. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

/** The input cannot be read to its end. */
export class InputError extends UsageError {
  override readonly name = 'InputError';

  static empty(): InputError {
    return new InputError('the input is empty: give at least one number');
  }
}

/** A signal stopped the command before anything was sent. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}
