/** The reason why a request got no connection, or lost it. The code becomes the `reason` of the exception. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(
    readonly code: 'CONNECT_TIMEOUT' | 'CLOSED' | 'RETRY_PREVENTED' | 'PROXY_NO_RESPONSE' | `PROXY_HTTP_${number}`,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
