import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PushGate, type PushRequest } from './push-gate.js';
import type { PushBody } from './push.js';
import { WebhooksSettings } from './webhooks.settings.js';

/** What the app's own parser leaves on a request. */
interface Parsed {
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/**
 * Reads bodies as they came.
 *
 * On Fastify our middleware runs before the app's parser, so the body is always exact. On Express the
 * app's parser runs before the middleware of modules; so, where the app is made by `NestFactory.create`,
 * a function in front of the parser reads the bodies of pushes, and of nothing else. Where the app is
 * made by `Test.createTestingModule`, or with an Express instance that has a parser already, the parser
 * comes first: then the body is Nest's `rawBody` if there is one, else the parsed body written again,
 * and what the parser refuses never gets here.
 */
@Injectable()
export class PushBodies {
  readonly #early = new WeakMap<PushRequest, PushBody>();

  constructor(
    private readonly settings: WebhooksSettings,
    private readonly gate: PushGate,
    host: HttpAdapterHost,
  ) {
    // Absent in application contexts; of no type while a testing module is compiled.
    const adapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    if (adapter?.getType() !== 'express') return;
    adapter.use((request: PushRequest, _: unknown, next: () => void) => {
      void this.#readEarly(request, next);
    });
  }

  /** @returns `undefined` if the sender went away. */
  async read(request: PushRequest & Parsed): Promise<PushBody | undefined> {
    const early = this.#early.get(request);
    if (early !== undefined) return early;
    if (!request.readableDidRead) return this.#readStream(request);
    return this.#cut(toBytes(request));
  }

  async #readEarly(request: PushRequest, next: () => void): Promise<void> {
    const verdict = this.gate.judge(request);
    if (!request.readableDidRead && (verdict === 'reports' || verdict === 'inbound')) {
      const body = await this.#readStream(request);
      if (body === undefined) return;
      this.#early.set(request, body);
    }
    next();
  }

  /** By events, which cost a third of what iterating costs. */
  #readStream(request: PushRequest): Promise<PushBody | undefined> {
    const { bodyLimit } = this.settings;
    const chunks: Buffer[] = [];
    let length = 0;
    return new Promise((resolve) => {
      request.on('data', (bytes: Buffer) => {
        // To the end, even if it is too long: who is still sending does not listen for an answer.
        if (length <= bodyLimit) chunks.push(bytes);
        length += bytes.length;
      });
      request.on('end', () => {
        resolve(this.#cut(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)));
      });
      const goneAway = () => {
        resolve(undefined);
      };
      request.on('error', goneAway).on('close', goneAway);
    });
  }

  #cut(bytes: Buffer): PushBody {
    const { bodyLimit } = this.settings;
    return { text: bytes.subarray(0, bodyLimit).toString(), isTooLong: bytes.length > bodyLimit };
  }
}

function toBytes({ rawBody, body }: Parsed): Buffer {
  const known = rawBody ?? body ?? '';
  if (Buffer.isBuffer(known)) return known;
  return Buffer.from(typeof known === 'string' ? known : JSON.stringify(known));
}
