import type { ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { PushBodies } from './push-bodies.js';
import { PushCounts } from './push-counts.js';
import { PushDispatcher } from './push-dispatcher.js';
import { PushGate, type PushRequest } from './push-gate.js';
import { readPush, type PushRoute, type UnreadablePush } from './push.js';
import { WebhooksSettings } from './webhooks.settings.js';

const FAILED = { statusCode: 500, message: 'Internal server error' };

/**
 * The two routes, in front of the app and not as a controller: what is not let in goes on to the app,
 * which knows no such route, so that the answer is the very one of an unknown route.
 */
@Injectable()
export class PushEndpoint {
  readonly #logger = new Logger('LaafficWebhooks');

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly gate: PushGate,
    private readonly bodies: PushBodies,
    private readonly dispatcher: PushDispatcher,
    private readonly counts: PushCounts,
  ) {}

  /**
   * Answers a push; calls `next` with anything else.
   * @returns whether it is a push.
   */
  handle(request: PushRequest, response: ServerResponse, next: () => void): boolean {
    const verdict = this.gate.judge(request);
    if (verdict === 'not-allowed') {
      this.counts.refused++;
      this.#logger.warn('A push with the right secret came from an address that is not in allowedIps');
    }
    if (verdict === 'stranger' || verdict === 'not-allowed') {
      next();
      return false;
    }
    void this.#take(verdict, request, response);
    return true;
  }

  async #take(route: PushRoute, request: PushRequest, response: ServerResponse): Promise<void> {
    const body = await this.bodies.read(request);
    if (body === undefined) return;
    const push = readPush(route, body);
    const isDone = await this.dispatcher.dispatch(push);
    if (push.kind === 'unreadable') this.counts.unreadable++;
    else if (isDone) this.counts.succeeded++;
    else this.counts.failed++;
    if (!isDone) answer(response, FAILED);
    else if (push.kind === 'unreadable') answer(response, this.#refusal(push.value));
    // Without a body: the platform looks at the status alone, and Node sends a head in one cheap write.
    else response.writeHead(200, { 'Content-Length': 0 }).end();
  }

  #refusal({ reason, route }: UnreadablePush) {
    const messages = {
      'too-long': `The body has more than ${this.settings.bodyLimit} bytes`,
      'malformed-json': 'The body is no JSON',
      'missing-fields':
        route === 'reports'
          ? 'The body names no message, no number or no status'
          : 'The body names no sender or no content',
    };
    return { statusCode: 400, message: messages[reason], error: 'Bad Request' };
  }
}

function answer(response: ServerResponse, body: { readonly statusCode: number }): void {
  const text = JSON.stringify(body);
  response.writeHead(body.statusCode, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
