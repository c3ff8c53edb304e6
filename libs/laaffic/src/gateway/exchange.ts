/** A request that went out and was answered, in whatever form: whether it is readable is decided elsewhere. */
export interface Answer {
  readonly httpStatus: number;
  readonly contentType: string | undefined;
  /** The `Date` header. */
  readonly date: string | undefined;
  /** The `Retry-After` header. */
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/**
 * A request without an answer. `written` is proof, not a guess from error codes: it is `false` only
 * if the request was never handed to a connection.
 */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure';

  constructor(
    readonly why: 'aborted' | 'timeout' | 'failed' | 'withheld',
    readonly written: boolean,
    cause: unknown,
  ) {
    super(`The request was ${written ? '' : 'not '}written (${why})`, { cause });
  }
}
