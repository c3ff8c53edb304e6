import { Module, type DynamicModule, type OnModuleDestroy } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, DiscoveryModule, Reflector } from '@nestjs/core';
import { LaafficModule } from 'nestjs-laaffic';
import { AccountModule } from './account/account.module.js';
import { ApiKeyCache } from './api-keys/api-key-cache.js';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { CampaignsModule } from './campaigns/campaigns.module.js';
import { ApiKeyGuard } from './common/auth/api-key.guard.js';
import { DeclaredAccess } from './common/auth/declared-access.js';
import { KeyRates } from './common/auth/key-rates.js';
import { WrongKeys } from './common/auth/wrong-keys.js';
import { CommonModule } from './common/common.module.js';
import { ServiceErrorFilter } from './common/errors/service-error.filter.js';
import { ReplyInterceptor } from './common/http/reply.js';
import { RequestValidationPipe } from './common/http/validation.pipe.js';
import { InFlightRequests } from './common/shutdown/in-flight-requests.js';
import { ConfigurationModule } from './configuration.module.js';
import type { Configuration } from './configuration.js';
import { DatabaseModule } from './database/database.module.js';
import { OutboxModule } from './database/outbox.module.js';
import type { ServiceDatabase } from './database/service-database.js';
import { GatewayAccount } from './gateway/gateway.account.js';
import { GatewayModule } from './gateway/gateway.module.js';
import { HealthModule } from './health/health.module.js';
import { HeldModule } from './held/held.module.js';
import { HistoryModule } from './history/history.module.js';
import { InboundModule } from './inbound/inbound.module.js';
import { MessagesModule } from './messages/messages.module.js';
import { OptOutsModule } from './opt-outs/opt-outs.module.js';
import { PushesModule } from './pushes/pushes.module.js';

/** The notification service. */
@Module({
  imports: [
    ApiKeysModule,
    CommonModule,
    DiscoveryModule,
    OutboxModule,
    MessagesModule,
    CampaignsModule,
    HeldModule,
    HistoryModule,
    InboundModule,
    OptOutsModule,
    AccountModule,
    HealthModule,
  ],
  providers: [
    DeclaredAccess,
    { provide: WrongKeys, useFactory: () => new WrongKeys() },
    { provide: APP_INTERCEPTOR, useClass: ReplyInterceptor },
    { provide: APP_PIPE, useClass: RequestValidationPipe },
    { provide: APP_FILTER, useClass: ServiceErrorFilter },
  ],
})
export class AppModule implements OnModuleDestroy {
  constructor(private readonly requests: InFlightRequests) {}

  /** @param features modules that only some configurations have. */
  static forConfiguration(
    configuration: Configuration,
    database: ServiceDatabase,
    features: readonly DynamicModule[] = [],
  ): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigurationModule.for(configuration),
        DatabaseModule.for(database),
        LaafficModule.forRootAsync({
          imports: [GatewayModule],
          inject: [GatewayAccount],
          useFactory: (account: GatewayAccount) => account.options(),
          isGlobal: true,
        }),
        PushesModule.forConfiguration(configuration),
        ...features,
      ],
      providers: [
        {
          provide: APP_GUARD,
          useFactory: (reflector: Reflector, storedKeys: ApiKeyCache, wrongKeys: WrongKeys) =>
            new ApiKeyGuard(reflector, configuration.apiKeys, storedKeys, new KeyRates(), wrongKeys),
          inject: [Reflector, ApiKeyCache, WrongKeys],
        },
      ],
    };
  }

  /** Runs before the hooks of all other modules: Nest shuts a module down before those that it imports. */
  onModuleDestroy(): Promise<void> {
    return this.requests.drain();
  }
}
