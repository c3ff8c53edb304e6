import { Module, type DynamicModule } from '@nestjs/common';
import { LaafficWebhooksModule } from 'nestjs-laaffic/webhooks';
import type { Configuration } from '../configuration.js';
import { OutboxModule } from '../database/outbox.module.js';
import { PushesController } from './pushes.controller.js';

/**
 * The pushes of the platform. `LaafficWebhooksModule` receives them at `/laaffic/<WEBHOOK_SECRET>/…` and passes them to the
 * handlers of the outbox. Without a secret there are no pushes.
 */
@Module({ imports: [OutboxModule], controllers: [PushesController] })
export class PushesModule {
  static forConfiguration({ webhookSecrets, webhookAllowedIps, trustProxy }: Configuration): DynamicModule {
    const options = { secrets: webhookSecrets, allowedIps: webhookAllowedIps, trustProxy };
    return {
      module: PushesModule,
      imports: webhookSecrets.length === 0 ? [] : [LaafficWebhooksModule.forRoot(options)],
    };
  }
}
