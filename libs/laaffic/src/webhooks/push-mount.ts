import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PushEndpoint } from './push-endpoint.js';
import type { PushRequest } from './push-gate.js';

/** The part of a Fastify instance that shows requests before Fastify processes them. */
interface FastifyInstance {
  addHook(
    name: 'onRequest',
    hook: (request: { readonly raw: PushRequest }, reply: FastifyReply, done: () => void) => void,
  ): unknown;
}

interface FastifyReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/**
 * Mounts the endpoint in front of the parsers and middleware of the app. Bodies are then exact, and what the app does for
 * its own callers neither applies to pushes nor logs their secret address.
 *
 * If the app is created by `Test.createTestingModule`, or with an Express instance that already has a parser, Express's
 * parser comes first, and bodies that it rejects never get here.
 */
@Injectable()
export class PushMount {
  #isMounted = false;

  constructor(
    private readonly endpoint: PushEndpoint,
    private readonly host: HttpAdapterHost,
  ) {
    this.mount();
  }

  /** Does nothing if it is mounted, or if there is no app yet: a testing module has none while it is compiled. */
  mount(): void {
    // Missing in application contexts, whatever its type says.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    const platform = adapter?.getType();
    if (this.#isMounted || adapter === undefined || platform === undefined || platform === '') return;
    this.#isMounted = true;
    if (platform === 'fastify') this.#mountOnFastify(adapter.getInstance<FastifyInstance>());
    else adapter.use(this.endpoint.handle.bind(this.endpoint));
  }

  /** By a hook, because middleware on Fastify is a plugin that comes later and gets modified requests. */
  #mountOnFastify(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      const next = () => {
        done();
      };
      if (this.endpoint.handle(request.raw, reply.raw, next)) reply.hijack();
    });
  }
}
