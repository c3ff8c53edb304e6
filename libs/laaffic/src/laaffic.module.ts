import { HttpModule } from '@nestjs/axios';
import { Module, type DynamicModule, type OnModuleInit, type Provider } from '@nestjs/common';
import { GatewayClock } from './clock.js';
import { Transport } from './gateway/http/transport.js';
import { QueryClient } from './gateway/query/query-client.js';
import { RequestLoop } from './gateway/request-loop.js';
import { SendClient } from './gateway/send/send-client.js';
import { RequestEventEmitter } from './gateway/traffic/request-event.emitter.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  LAAFFIC_OPTIONS,
  OPTIONS_TYPE,
  type LaafficModuleExtras,
} from './laaffic.module-definition.js';
import { OrderIdGenerator } from './messages/order-ids.js';
import { LaafficSettings } from './options/laaffic.settings.js';
import { optionsScopeCheck } from './options/options-scope.js';
import { Randomness } from './randomness.js';
import { AccountRateLimiters } from './rate/account-rate-limiters.js';
import { keepReceiptsWhole } from './receipt-serialization.js';
import { Credentials } from './signing/credentials.js';
import { SigningInterceptor } from './signing/signing.interceptor.js';
import { getSmsToken } from './sms-token.js';
import { SmsService } from './sms.service.js';

/**
 * Registers one Laaffic account and provides its `SmsService`. Register it once for each account, with the name
 * `account` if there are several. Options are checked at boot.
 * @example
 * LaafficModule.forRootAsync({
 *   inject: [ConfigService],
 *   useFactory: (config: ConfigService) => ({
 *     appId: config.get('LAAFFIC_APP_ID'),
 *     apiKey: config.get('LAAFFIC_API_KEY'),
 *     apiSecret: config.get('LAAFFIC_API_SECRET'),
 *   }),
 * });
 */
@Module({
  providers: [
    ...optionsScopeCheck(
      LAAFFIC_OPTIONS,
      'the options are request-scoped, but an account is registered once: all requests share its connections and its ' +
        'rate. For tenants register one account, and call sms.withAccount({ appId, apiKey, apiSecret }) for each of them',
    ),
    {
      provide: Credentials,
      useFactory: (settings: LaafficSettings) => settings.account.credentials,
      inject: [LaafficSettings],
    },
    { provide: GatewayClock, useFactory: () => new GatewayClock() },
    {
      provide: AccountRateLimiters,
      useFactory: ({ baseUrl, rate }: LaafficSettings) => new AccountRateLimiters(baseUrl, rate),
      inject: [LaafficSettings],
    },
    Randomness,
    OrderIdGenerator,
    SigningInterceptor,
    Transport,
    RequestEventEmitter,
    RequestLoop,
    SendClient,
    QueryClient,
  ],
})
export class LaafficModule extends ConfigurableModuleClass implements OnModuleInit {
  /** Registers an account with options that are known now. */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return withAccount(super.forRoot(options), options);
  }

  /** Registers an account with options from a factory or a class, which may inject providers. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withAccount(super.forRootAsync(options), options);
  }

  onModuleInit(): Promise<void> {
    return keepReceiptsWhole();
  }
}

function withAccount(definition: DynamicModule, { account, isGlobal = false }: LaafficModuleExtras): DynamicModule {
  // A named account is not provided as SmsService too: `app.get(SmsService)` must find the unnamed one only.
  const token = getSmsToken(account);
  const settings: Provider = {
    provide: LaafficSettings,
    useFactory: (options: unknown) => new LaafficSettings(options, account),
    inject: [LAAFFIC_OPTIONS],
  };
  const service: Provider = {
    provide: token,
    useFactory: (
      settings: LaafficSettings,
      sends: SendClient,
      queries: QueryClient,
      { events }: RequestEventEmitter,
      orderIds: OrderIdGenerator,
      clock: GatewayClock,
      randomness: Randomness,
      limiters: AccountRateLimiters,
    ) =>
      new SmsService({
        account: settings.account,
        ...{ settings, sends, queries, events, orderIds, clock, randomness, limiters },
      }),
    inject: [
      LaafficSettings,
      SendClient,
      QueryClient,
      RequestEventEmitter,
      OrderIdGenerator,
      GatewayClock,
      Randomness,
      AccountRateLimiters,
    ],
  };
  return {
    ...definition,
    global: isGlobal,
    // `registerAsync` creates an axios instance for each app that imports this definition. A bare `HttpModule` provides
    // the instance of the process, and `register` one for all apps with the same definition.
    imports: [...(definition.imports ?? []), HttpModule.registerAsync({ useFactory: () => ({}) })],
    providers: [...(definition.providers ?? []), settings, service],
    exports: [token],
  };
}
