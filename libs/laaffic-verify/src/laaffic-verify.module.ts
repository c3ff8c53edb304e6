import { Logger, Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner } from '@nestjs/core';
import { getSmsToken, SmsService } from 'nestjs-laaffic';
import {
  findHandlerMethods,
  getOutboxStoreToken,
  OutboxExtension,
  type OutboxStore,
} from 'nestjs-laaffic-outbox/extension';
import { VerificationOptionsError } from './errors/verification.error.js';
import { AlarmDispatcher } from './events/alarm-dispatcher.js';
import { ApprovalDispatcher } from './events/approval-dispatcher.js';
import { APPROVAL_HANDLERS, type ApprovedVerification } from './events/on-approved.decorator.js';
import { ALARM_HANDLERS, type AlarmTypes } from './events/on-guard-alarm.decorator.js';
import { FraudGuard } from './fraud-guard.js';
import { Decisions } from './guard/decisions.js';
import type { GuardAlarm } from './guard/guard-alarm.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  VERIFY_OPTIONS,
  type LaafficVerifyModuleExtras,
} from './laaffic-verify.module-definition.js';
import { VerifySettings } from './options/verify.settings.js';
import { ClientSources } from './requests/client-sources.js';
import { SmsVerification } from './sms-verification.js';
import { THIS_RELEASE } from './store/migrate-verification.js';
import { PostgresGuardStore } from './store/postgres-guard-store.js';
import { PostgresStore } from './store/postgres-store.js';
import { EXTENSION } from './verify-tokens.js';
import { DecisionWriter } from './worker/decision-writer.js';
import { VerificationWorker } from './worker/verification-worker.js';

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
@Module({ imports: [DiscoveryModule] })
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
        provide: ClientSources,
        useFactory: (settings: VerifySettings, decisions: Decisions) => new ClientSources(settings, decisions),
        inject: [VerifySettings, Decisions],
      },
      {
        provide: EXTENSION,
        useFactory: async ({ schema, migrate }: VerifySettings, outboxStore: OutboxStore) => {
          if (outboxStore.seals.isEmpty) {
            throw new VerificationOptionsError([
              'LaafficOutboxModule needs the option `sealKeys`: otherwise the database would contain the codes',
            ]);
          }
          return OutboxExtension.open(outboxStore, THIS_RELEASE, { schema, migrate });
        },
        inject: [VerifySettings, getOutboxStoreToken(account)],
      },
      {
        provide: SmsVerification,
        useFactory: (settings: VerifySettings, extension: OutboxExtension, decisions: Decisions) => {
          const logger = new Logger('LaafficVerify');
          for (const warning of settings.textWarnings) logger.warn(warning);
          return new SmsVerification(new PostgresStore(extension), settings, Date.now, decisions);
        },
        inject: [VerifySettings, EXTENSION, Decisions],
      },
      {
        provide: Decisions,
        useFactory: (extension: OutboxExtension) => new Decisions(guardStoreOf(extension)),
        inject: [EXTENSION],
      },
      {
        provide: DecisionWriter,
        useFactory: (extension: OutboxExtension, decisions: Decisions) => new DecisionWriter(extension, decisions),
        inject: [EXTENSION, Decisions],
      },
      {
        provide: FraudGuard,
        useFactory: (settings: VerifySettings, extension: OutboxExtension, decisions: Decisions) =>
          new FraudGuard(guardStoreOf(extension), settings, decisions),
        inject: [VerifySettings, EXTENSION, Decisions],
      },
      {
        provide: VerificationWorker,
        useFactory: (settings: VerifySettings, extension: OutboxExtension, sms: SmsService) =>
          new VerificationWorker(extension, sms, settings),
        inject: [VerifySettings, EXTENSION, account === undefined ? SmsService : getSmsToken(account)],
      },
      {
        provide: ApprovalDispatcher,
        useFactory: (extension: OutboxExtension, discovery: DiscoveryService, scanner: MetadataScanner) =>
          new ApprovalDispatcher(extension, () =>
            findHandlerMethods<ApprovedVerification, true>({ discovery, scanner }, APPROVAL_HANDLERS),
          ),
        inject: [EXTENSION, DiscoveryService, MetadataScanner],
      },
      {
        provide: AlarmDispatcher,
        useFactory: (
          extension: OutboxExtension,
          decisions: Decisions,
          discovery: DiscoveryService,
          scanner: MetadataScanner,
        ) =>
          new AlarmDispatcher(
            extension,
            () => findHandlerMethods<GuardAlarm, AlarmTypes>({ discovery, scanner }, ALARM_HANDLERS),
            decisions.newAlarms,
          ),
        inject: [EXTENSION, Decisions, DiscoveryService, MetadataScanner],
      },
    ],
    exports: [SmsVerification, FraudGuard, ClientSources],
  };
}

function guardStoreOf(extension: OutboxExtension): PostgresGuardStore {
  return new PostgresGuardStore(extension, () => undefined);
}
