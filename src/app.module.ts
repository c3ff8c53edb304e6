import { Module, ValidationPipe, type DynamicModule } from '@nestjs/common';
import { APP_GUARD, APP_PIPE, Reflector } from '@nestjs/core';
import { LaafficModule, toInputException } from 'nestjs-laaffic';
import { ApiKeyGuard } from './access/api-key.guard.js';
import type { Configuration } from './configuration.js';
import { GatewayAccount } from './gateway/gateway.account.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthController } from './health/health.controller.js';
import { MessagesController } from './messages/messages.controller.js';

/** The notification service. */
@Module({ controllers: [MessagesController, HealthController] })
export class AppModule {
  static forConfiguration({ account, apiKeys }: Configuration): DynamicModule {
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
