import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PushEndpoint } from './push-endpoint.js';
import type { PushRequest } from './push-gate.js';

/** What Fastify offers to who wants to see requests before it does anything with them. */
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
 * Where requests come in: in front of the parsers and middleware of the app, so that bodies are as they
 * came, and nothing that is meant for the app's own callers meets a push or logs its address.
 *
 * Where the app is made by `Test.createTestingModule`, or with an Express instance that has a parser
 * already, Express' parser comes first; then what it refuses never gets here.
 */
@Injectable()
export class PushEntrance {
  #isOpen = false;

  constructor(
    private readonly endpoint: PushEndpoint,
    private readonly host: HttpAdapterHost,
  ) {
    this.open();
  }

  /** Opens it, if it is not open and there is an app to open it to: a testing module has none while it is compiled. */
  open(): void {
    // Absent in application contexts, whatever its type says.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined;
    const platform = adapter?.getType();
    if (this.#isOpen || adapter === undefined || platform === undefined || platform === '') return;
    this.#isOpen = true;
    if (platform === 'fastify') this.#openOnFastify(adapter.getInstance<FastifyInstance>());
    else adapter.use(this.endpoint.handle.bind(this.endpoint));
  }

  /** By a hook: its middleware is a plugin that comes later, and gets requests that were made over for it. */
  #openOnFastify(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      const next = () => {
        done();
      };
      if (this.endpoint.handle(request.raw, reply.raw, next)) reply.hijack();
    });
  }
}
