import { Module, type NestModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { GatewayClock } from '../clock.js';
import { optionsScopeCheck } from '../options/options-scope.js';
import { ConfigurableModuleClass, LAAFFIC_WEBHOOKS_OPTIONS } from './laaffic-webhooks.module-definition.js';
import { PushBodies } from './push-bodies.js';
import { PushDispatcher } from './push-dispatcher.js';
import { PushEndpoint } from './push-endpoint.js';
import { PushEnhancers } from './push-enhancers.js';
import { PushGate } from './push-gate.js';
import { PushHandlers } from './push-handlers.js';
import { PushMount } from './push-mount.js';
import { MemoryPushStore, PushStore } from './push-store.js';
import { WebhookMetrics } from './webhook-metrics.js';
import { WebhooksSettings } from './webhooks.settings.js';

/**
 * Receives the platform's pushes at `POST {path}/{secret}/reports` and `POST {path}/{secret}/inbound`, and calls the
 * decorated methods of the app. Options are checked at boot.
 *
 * Responds with 200 if every method for the push has succeeded, with 500 if one has failed, and with 400 to a body that is
 * not a push. A request without a valid secret, or from an address that is not allowed, gets the response of a route that
 * does not exist.
 * @example
 * @Module({
 *   imports: [LaafficWebhooksModule.forRoot({ secret: process.env.LAAFFIC_WEBHOOK_SECRET })],
 *   providers: [SmsEvents], // has methods with @OnDeliveryReport() and @OnInboundSms()
 * })
 * export class EventsModule {}
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    ...optionsScopeCheck(LAAFFIC_WEBHOOKS_OPTIONS),
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
    WebhookMetrics,
    PushGate,
    PushBodies,
    PushEnhancers,
    PushHandlers,
    PushDispatcher,
    PushEndpoint,
    PushMount,
  ],
  exports: [WebhookMetrics, PushStore],
})
export class LaafficWebhooksModule extends ConfigurableModuleClass implements NestModule {
  constructor(private readonly pushMount: PushMount) {
    super();
  }

  /** Runs before the app's routes are registered, because one of them may match every address. */
  configure(): void {
    this.pushMount.mount();
  }
}
