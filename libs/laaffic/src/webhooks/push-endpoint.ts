import type { ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { PushBodies } from './push-bodies.js';
import { PushDispatcher } from './push-dispatcher.js';
import { PushGate, type PushRequest } from './push-gate.js';
import { readPush, type PushRoute, type UnreadablePush } from './push.js';
import { WebhookMetrics } from './webhook-metrics.js';
import { WebhooksSettings } from './webhooks.settings.js';

const FAILED = { statusCode: 500, message: 'Internal server error' };

/**
 * Handles the two routes of the platform. They are in front of the app and not in a controller: a request that is not let
 * in goes on to the app, which has no such route, so its response is exactly that of an unknown route.
 */
@Injectable()
export class PushEndpoint {
  readonly #logger = new Logger('LaafficWebhooks');

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly gate: PushGate,
    private readonly bodies: PushBodies,
    private readonly dispatcher: PushDispatcher,
    private readonly metrics: WebhookMetrics,
  ) {}

  /**
   * Responds to a push; calls `next` for any other request.
   * @returns whether the request is a push.
   */
  handle(request: PushRequest, response: ServerResponse, next: () => void): boolean {
    const destination = this.gate.check(request);
    if (destination === 'not-allowed') {
      this.metrics.rejected++;
      this.#logger.warn('A push with a valid secret came from an address that is not in allowedIps');
    }
    if (destination === 'not-a-push' || destination === 'not-allowed') {
      next();
      return false;
    }
    void this.#process(destination, request, response);
    return true;
  }

  async #process(route: PushRoute, request: PushRequest, response: ServerResponse): Promise<void> {
    const body = await this.bodies.read(request);
    if (body === undefined) return;
    const push = readPush(route, body);
    const hasSucceeded = await this.dispatcher.dispatch(push);
    if (push.kind === 'unreadable') this.metrics.unreadable++;
    else if (hasSucceeded) this.metrics.succeeded++;
    else this.metrics.failed++;
    if (!hasSucceeded) respond(response, FAILED);
    else if (push.kind === 'unreadable') respond(response, this.#rejectionOf(push.value));
    // Without a body, because the platform reads the status only, and Node sends a head in one cheap write.
    else response.writeHead(200, { 'Content-Length': 0 }).end();
  }

  #rejectionOf({ reason, route }: UnreadablePush) {
    const messages = {
      'too-long': `The body has more than ${this.settings.maxBodyBytes} bytes`,
      'wrong-encoding': 'The body is not text in its charset, nor in UTF-8',
      'malformed-json': 'The body is not JSON',
      'missing-fields':
        route === 'reports'
          ? 'The body has no message id, no number or no status'
          : 'The body has no sender or no content',
    };
    return { statusCode: 400, message: messages[reason], error: 'Bad Request' };
  }
}

function respond(response: ServerResponse, body: { readonly statusCode: number }): void {
  const text = JSON.stringify(body);
  response.writeHead(body.statusCode, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
