import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, Reflector } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficHealthModule } from 'nestjs-laaffic/health';
import { LaafficWebhooksModule } from 'nestjs-laaffic/webhooks';
import { LaafficOutboxModule, SmsOutbox } from 'nestjs-laaffic-outbox';
import { OutboxHealthModule } from 'nestjs-laaffic-outbox/health';
import { ApiKeyGuard } from './access/api-key.guard.js';
import { WrongKeys } from './access/wrong-keys.js';
import { AccountController } from './account/account.controller.js';
import { AccountView } from './account/account-view.js';
import { BalanceController } from './account/balance.controller.js';
import { CampaignControlController } from './campaigns/campaign-control.controller.js';
import { CampaignCreation } from './campaigns/campaign-creation.js';
import { CampaignReading } from './campaigns/campaign-reading.js';
import { CampaignResultsController } from './campaigns/campaign-results.controller.js';
import { CampaignsController } from './campaigns/campaigns.controller.js';
import { UploadSlots } from './campaigns/upload/upload-slots.js';
import type { Configuration } from './configuration.js';
import { DatabaseModule } from './database/database.module.js';
import { ServiceDatabase } from './database/service-database.js';
import { ServiceErrorFilter } from './errors/service-error.filter.js';
import { GatewayAccount } from './gateway/gateway.account.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthController } from './health/health.controller.js';
import { BodyPipe } from './http/body.pipe.js';
import { MessageUpkeepController } from './messages/message-upkeep.controller.js';
import { MessageAdmission } from './messages/message-admission.js';
import { MessageSender } from './messages/message.sender.js';
import { MessagesController } from './messages/messages.controller.js';
import { RequestsUnderWay } from './shutdown/requests-under-way.js';
import { Stopping } from './shutdown/stopping.js';
import { LineStreams } from './streams/line-streams.js';

/** The notification service. */
@Module({
  controllers: [
    // Before the others: their paths `:id` take all that is left.
    MessageUpkeepController,
    MessagesController,
    CampaignsController,
    CampaignControlController,
    CampaignResultsController,
    AccountController,
    BalanceController,
    HealthController,
  ],
  providers: [AccountView, CampaignCreation, CampaignReading, LineStreams, RequestsUnderWay, Stopping, UploadSlots],
})
export class AppModule {
  static forConfiguration(configuration: Configuration, database: ServiceDatabase): DynamicModule {
    const {
      account,
      apiKeys,
      webhookSecrets,
      webhookAllowedIps,
      trustProxy,
      worker,
      recipientsPerSecond,
      requestsPerSecond,
    } = configuration;
    const gateway = GatewayModule.forAccount(account);
    const where = DatabaseModule.for(database);
    return {
      module: AppModule,
      imports: [
        gateway,
        where,
        LaafficModule.forRootAsync({
          imports: [gateway],
          inject: [GatewayAccount],
          useFactory: (target: GatewayAccount) => target.options(),
          isGlobal: true,
        }),
        LaafficOutboxModule.forRootAsync({
          imports: [where],
          inject: [ServiceDatabase],
          useFactory: ({ url }: ServiceDatabase) => ({
            database: url,
            worker,
            rate: { recipientsPerSecond, requestsPerSecond },
            timing: { grace: Math.ceil(configuration.grace * 1_000) },
            afterGrace: { priority: configuration.afterGracePriority, bulk: configuration.afterGraceBulk },
            retention: retentionOf(configuration),
          }),
        }),
        ...(webhookSecrets.length === 0
          ? []
          : [LaafficWebhooksModule.forRoot({ secrets: webhookSecrets, allowedIps: webhookAllowedIps, trustProxy })]),
        TerminusModule.forRoot({ logger: false }),
        LaafficHealthModule.forRoot(),
        OutboxHealthModule,
      ],
      providers: [
        {
          provide: MessageAdmission,
          useFactory: (outbox: SmsOutbox) => new MessageAdmission(outbox),
          inject: [SmsOutbox],
        },
        {
          provide: MessageSender,
          useFactory: (outbox: SmsOutbox, admission: MessageAdmission, stopping: Stopping) =>
            new MessageSender(outbox, admission, stopping, configuration.answerWithin * 1000),
          inject: [SmsOutbox, MessageAdmission, Stopping],
        },
        { provide: WrongKeys, useFactory: () => new WrongKeys() },
        {
          provide: APP_GUARD,
          useFactory: (reflector: Reflector, wrongKeys: WrongKeys) => new ApiKeyGuard(reflector, apiKeys, wrongKeys),
          inject: [Reflector, WrongKeys],
        },
        { provide: APP_PIPE, useFactory: () => new BodyPipe() },
        { provide: APP_FILTER, useClass: ServiceErrorFilter },
      ],
    };
  }
}

/** In milliseconds. */
function retentionOf({ retentionDays }: Configuration): number | false {
  return retentionDays === false ? false : Math.ceil(retentionDays * 24 * 60 * 60_000);
}
