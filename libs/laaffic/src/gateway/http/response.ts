/** An HTTP response of the gateway, or of a server in front of it. The body may be anything. */
export interface GatewayResponse {
  readonly httpStatus: number;
  readonly contentType: string | undefined;
  /** The `Date` header. */
  readonly date: string | undefined;
  /** The `Retry-After` header, in whole seconds. */
  readonly retryAfterSeconds: number | undefined;
  readonly body: string;
}

/**
 * A request that got no complete response. `written` is proof and not a guess from error codes: it is `false` only if
 * the request was never handed to a connection.
 */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError';

  constructor(
    readonly type: 'aborted' | 'timeout' | 'failed' | 'prevented',
    readonly written: boolean,
    cause: unknown,
  ) {
    super(`The request was ${written ? '' : 'not '}written (${type})`, { cause });
  }
}
