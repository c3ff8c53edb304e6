import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { readJsonBody } from './json-body.js';
import { liftBodyLimit } from './limited-server.js';
import { charsetOf, mediaTypeOf } from './media-type.js';
import { nodeRequest } from './node-http.js';

/** The body of a request that has not been read yet. */
export class RequestBody {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get mediaType(): string | undefined {
    return mediaTypeOf(this.#request);
  }

  get charset(): string | undefined {
    return charsetOf(this.#request);
  }

  get isCompressed(): boolean {
    return (this.#request.headers['content-encoding'] ?? 'identity') !== 'identity';
  }

  /**
   * @throws {HttpException} if the body is too large, or not a JSON object in UTF-8.
   * @throws {LaafficInputException} if it is nested too deeply, or has too many fields.
   */
  json(): Promise<object | undefined> {
    return readJsonBody(this.#request);
  }

  /** The bytes as they arrive, without the server's time limit. The caller limits the time itself. */
  bytes(): AsyncIterator<Buffer> {
    liftBodyLimit(this.#request);
    // Destroying the request would close its connection before the response is sent.
    return this.#request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  }

  /** Throws the rest away, so that the client can finish sending and read the response. */
  discardRest(): void {
    this.#request.resume();
  }
}

/** The unread body of the request, for handlers that stream it. */
export const StreamedBody = createParamDecorator(
  (_: unknown, context: ExecutionContext): RequestBody => new RequestBody(nodeRequest(context)),
);
