import type { ServerResponse } from 'node:http';
import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { DiscoveryModule, HttpAdapterHost } from '@nestjs/core';
import { GatewayClock } from '../clock.js';
import { ConfigurableModuleClass, LAAFFIC_WEBHOOKS_OPTIONS } from './laaffic-webhooks.module-definition.js';
import { MemoryPushStore } from './memory-push-store.js';
import { PushBodies } from './push-bodies.js';
import { PushCounts } from './push-counts.js';
import { PushDispatcher } from './push-dispatcher.js';
import { PushEndpoint } from './push-endpoint.js';
import { PushGate, type PushRequest } from './push-gate.js';
import { PushHandlers } from './push-handlers.js';
import { PushStore } from './push-store.js';
import { WebhooksSettings } from './webhooks.settings.js';

/**
 * Takes the pushes of the platform at `POST {path}/{secret}/reports` and `POST {path}/{secret}/inbound`
 * and calls the decorated methods of the app. Options are checked at boot.
 *
 * Answers 200 when every method that wants the push has succeeded, 500 when one has not, and 400 to
 * what is no push. Who does not know the secret, or is not allowed, gets what the app answers to a
 * route that it does not have.
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: WebhooksSettings,
      useFactory: (options: unknown) => new WebhooksSettings(options),
      inject: [LAAFFIC_WEBHOOKS_OPTIONS],
    },
    { provide: GatewayClock, useFactory: () => new GatewayClock() },
    {
      provide: PushStore,
      useFactory: ({ store, deduplicationSize }: WebhooksSettings, clock: GatewayClock) =>
        store ?? new MemoryPushStore(deduplicationSize, () => clock.seconds() * 1000),
      inject: [WebhooksSettings, GatewayClock],
    },
    PushCounts,
    PushGate,
    PushBodies,
    PushHandlers,
    PushDispatcher,
    PushEndpoint,
  ],
  exports: [PushCounts, PushStore],
})
export class LaafficWebhooksModule extends ConfigurableModuleClass implements NestModule {
  constructor(
    private readonly settings: WebhooksSettings,
    private readonly endpoint: PushEndpoint,
    private readonly host: HttpAdapterHost,
  ) {
    super();
  }

  configure(consumer: MiddlewareConsumer): void {
    // Everything below the path; the gate looks closer. Express takes a path for all that is below it, Fastify
    // has to be told; told so, Express would decode what stands there and answer some wrong secrets with 400.
    const { path } = this.settings;
    const isExpress = this.host.httpAdapter.getType() === 'express';
    consumer
      .apply((request: PushRequest, response: ServerResponse, next: () => void) =>
        this.endpoint.handle(request, response, next),
      )
      .forRoutes(isExpress ? path : `${path}/*push`);
  }
}
