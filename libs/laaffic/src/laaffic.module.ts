import { HttpModule } from '@nestjs/axios';
import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { GatewayClock } from './clock.js';
import { LaafficGateway } from './gateway/laaffic.gateway.js';
import { LaafficQueries } from './gateway/laaffic.queries.js';
import { Traffic } from './gateway/traffic.js';
import { Transport } from './gateway/transport.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  LAAFFIC_OPTIONS,
  OPTIONS_TYPE,
  type LaafficModuleExtras,
} from './laaffic.module-definition.js';
import { OrderIds } from './messages/order-id.js';
import { LaafficSettings } from './options/laaffic.settings.js';
import { Randomness } from './randomness.js';
import { AccountLimiters } from './rate/account-limiters.js';
import { Credentials } from './signing/credentials.js';
import { SigningInterceptor } from './signing/signing.interceptor.js';
import { getSmsToken } from './sms-token.js';
import { SmsService } from './sms.service.js';

/**
 * One Laaffic account. Register it once for each account, with a `name` where there are several;
 * options are checked at boot.
 */
@Module({
  providers: [
    {
      provide: LaafficSettings,
      useFactory: (options: unknown) => new LaafficSettings(options),
      inject: [LAAFFIC_OPTIONS],
    },
    {
      provide: Credentials,
      useFactory: (settings: LaafficSettings) => settings.account.credentials,
      inject: [LaafficSettings],
    },
    { provide: GatewayClock, useFactory: () => new GatewayClock() },
    {
      provide: AccountLimiters,
      useFactory: ({ rate }: LaafficSettings) => new AccountLimiters(rate),
      inject: [LaafficSettings],
    },
    Randomness,
    OrderIds,
    SigningInterceptor,
    Transport,
    Traffic,
    LaafficGateway,
    LaafficQueries,
  ],
})
export class LaafficModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return account(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return account(super.forRootAsync(options), options);
  }
}

function account(definition: DynamicModule, { name, isGlobal = false }: LaafficModuleExtras): DynamicModule {
  // A named account is not provided as SmsService too: `app.get(SmsService)` must find the unnamed one only.
  const token = name === undefined ? SmsService : getSmsToken(name);
  const service: Provider = {
    provide: token,
    useFactory: (...parts: ConstructorParameters<typeof SmsService>) => new SmsService(...parts),
    inject: [LaafficSettings, LaafficGateway, LaafficQueries, OrderIds, GatewayClock, Randomness, AccountLimiters],
  };
  return {
    ...definition,
    global: isGlobal,
    // Registered, HttpModule makes an axios instance of its own; bare, it hands out the one of the whole process.
    imports: [...(definition.imports ?? []), HttpModule.register({})],
    providers: [...(definition.providers ?? []), service],
    exports: [token],
  };
}
