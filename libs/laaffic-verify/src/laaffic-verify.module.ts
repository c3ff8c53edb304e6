import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { getOutboxToken, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { getOutboxStoreToken, OutboxExtension, type OutboxStore } from 'nestjs-laaffic-outbox/extension';
import { VerificationOptionsError } from './errors/verification.error.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  VERIFY_OPTIONS,
  type LaafficVerifyModuleExtras,
} from './laaffic-verify.module-definition.js';
import { VerifySettings } from './options/verify.settings.js';
import { SmsVerification } from './sms-verification.js';
import { THIS_RELEASE } from './store/migrate-verification.js';
import { PostgresStore } from './store/postgres-store.js';

/**
 * Registers phone verification. `LaafficOutboxModule` must be global, or imported where this module can see it, and it must
 * have `sealKeys`: its database stores the messages with the codes.
 * @example
 * @Module({
 *   imports: [
 *     LaafficModule.forRoot({ isGlobal: true, ...account }),
 *     LaafficOutboxModule.forRoot({
 *       isGlobal: true,
 *       database: process.env.DATABASE_URL,
 *       sealKeys: [process.env.SEAL_KEY],
 *     }),
 *     LaafficVerifyModule.forRoot({
 *       keys: [process.env.VERIFY_KEY],
 *       countries: ['GB', 'DE'],
 *       expectedPerDay: 2_000,
 *       app: 'Example',
 *     }),
 *   ],
 * })
 * export class AppModule {}
 */
@Module({})
export class LaafficVerifyModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return verify(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return verify(super.forRootAsync(options), options);
  }
}

function verify(definition: DynamicModule, { account, isGlobal = false }: LaafficVerifyModuleExtras): DynamicModule {
  return {
    ...definition,
    global: isGlobal,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: VerifySettings,
        useFactory: (options: unknown) => new VerifySettings(options),
        inject: [VERIFY_OPTIONS],
      },
      {
        provide: SmsVerification,
        useFactory: async (settings: VerifySettings, outboxStore: OutboxStore, outbox: SmsOutbox) => {
          if (outboxStore.seals.isEmpty) {
            throw new VerificationOptionsError([
              'LaafficOutboxModule needs the option `sealKeys`: otherwise the database would contain the codes',
            ]);
          }
          const logger = new Logger('LaafficVerify');
          for (const warning of settings.textWarnings) logger.warn(warning);
          const { schema, migrate } = settings;
          const extension = await OutboxExtension.open(outboxStore, THIS_RELEASE, { schema, migrate });
          return new SmsVerification(new PostgresStore(extension), outbox, settings);
        },
        inject: [VerifySettings, getOutboxStoreToken(account), getOutboxToken(account)],
      },
    ],
    exports: [SmsVerification],
  };
}
