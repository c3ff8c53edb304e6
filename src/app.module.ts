import { Module, ValidationPipe, type DynamicModule } from '@nestjs/common';
import { APP_GUARD, APP_PIPE, Reflector } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { LaafficModule, toInputException } from 'nestjs-laaffic';
import { LaafficHealthModule } from 'nestjs-laaffic/health';
import { LaafficWebhooksModule } from 'nestjs-laaffic/webhooks';
import { ApiKeyGuard } from './access/api-key.guard.js';
import { BalanceController } from './balance/balance.controller.js';
import type { Configuration } from './configuration.js';
import { GatewayAccount } from './gateway/gateway.account.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthController } from './health/health.controller.js';
import { DeliveryListener } from './messages/delivery.listener.js';
import { MessageLog } from './messages/message.log.js';
import { MessagesController } from './messages/messages.controller.js';

/** The notification service. */
@Module({
  controllers: [MessagesController, BalanceController, HealthController],
  providers: [MessageLog, DeliveryListener],
})
export class AppModule {
  static forConfiguration({ account, apiKeys, webhookSecret }: Configuration): DynamicModule {
    const gateway = GatewayModule.forAccount(account);
    return {
      module: AppModule,
      imports: [
        gateway,
        LaafficModule.forRootAsync({
          imports: [gateway],
          inject: [GatewayAccount],
          useFactory: (target: GatewayAccount) => target.options(),
        }),
        ...(webhookSecret === undefined ? [] : [LaafficWebhooksModule.forRoot({ secret: webhookSecret })]),
        TerminusModule.forRoot({ logger: false }),
        LaafficHealthModule.forRoot(),
      ],
      providers: [
        {
          provide: APP_GUARD,
          useFactory: (reflector: Reflector) => new ApiKeyGuard(reflector, apiKeys),
          inject: [Reflector],
        },
        {
          provide: APP_PIPE,
          useFactory: () =>
            new ValidationPipe({
              transform: true,
              whitelist: true,
              forbidNonWhitelisted: true,
              exceptionFactory: toInputException,
            }),
        },
      ],
    };
  }
}
