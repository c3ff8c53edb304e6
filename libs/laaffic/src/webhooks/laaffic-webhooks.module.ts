import { Module, type NestModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { GatewayClock } from '../clock.js';
import { ConfigurableModuleClass, LAAFFIC_WEBHOOKS_OPTIONS } from './laaffic-webhooks.module-definition.js';
import { MemoryPushStore } from './memory-push-store.js';
import { PushBodies } from './push-bodies.js';
import { PushCounts } from './push-counts.js';
import { PushDispatcher } from './push-dispatcher.js';
import { PushEndpoint } from './push-endpoint.js';
import { PushEnhancers } from './push-enhancers.js';
import { PushEntrance } from './push-entrance.js';
import { PushGate } from './push-gate.js';
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
    PushEnhancers,
    PushHandlers,
    PushDispatcher,
    PushEndpoint,
    PushEntrance,
  ],
  exports: [PushCounts, PushStore],
})
export class LaafficWebhooksModule extends ConfigurableModuleClass implements NestModule {
  constructor(private readonly entrance: PushEntrance) {
    super();
  }

  /** Before the routes of the app are there, of which one may be for everything. */
  configure(): void {
    this.entrance.open();
  }
}
