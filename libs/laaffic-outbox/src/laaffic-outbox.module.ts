import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule, ModuleRef } from '@nestjs/core';
import { getSmsToken, SmsService } from 'nestjs-laaffic';
import { ProcessClock } from './clock.js';
import { EventDispatcher } from './events/event-dispatcher.js';
import { EventHandlers } from './events/event-handlers.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  OUTBOX_OPTIONS,
  type LaafficOutboxModuleExtras,
} from './laaffic-outbox.module-definition.js';
import { OutboxLedger } from './ledger/outbox-ledger.js';
import { ReportBook } from './ledger/report-book.js';
import { UnreadablePushes } from './ledger/unreadable-pushes.js';
import { OutboxOptionsError } from './options/outbox-options.error.js';
import { OutboxSettings } from './options/outbox.settings.js';
import { Reconciler } from './reports/reconciler.js';
import { ReportIntake } from './reports/report-intake.js';
import { getCampaignsToken, getOutboxToken, ledgerToken } from './outbox-tokens.js';
import { SmsCampaigns } from './sms-campaigns.js';
import { SmsOutbox } from './sms-outbox.js';
import { OutboxSender } from './worker/outbox-sender.js';
import { RetentionRounds } from './worker/retention-rounds.js';

const OPTIONS_SCOPE = Symbol('options-scope');

/**
 * Registers the durable outbox of one gateway account. Register it once for each account.
 * @example
 * @Module({
 *   imports: [
 *     LaafficModule.forRoot({ isGlobal: true, ...account }),
 *     LaafficOutboxModule.forRoot({ database: process.env.DATABASE_URL }),
 *   ],
 * })
 * export class AppModule {}
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: OPTIONS_SCOPE,
      useFactory: (modules: ModuleRef) => ({
        onModuleInit: () => {
          refuseOptionsOfRequests(modules);
        },
      }),
      inject: [ModuleRef],
    },
    ProcessClock,
    EventHandlers,
  ],
})
export class LaafficOutboxModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return outbox(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return outbox(super.forRootAsync(options), options);
  }
}

/** The outbox would never start with request-scoped options. */
function refuseOptionsOfRequests(modules: ModuleRef): void {
  try {
    modules.get(OUTBOX_OPTIONS, { strict: true });
  } catch {
    throw new OutboxOptionsError([
      'options must not be request-scoped, because the outbox is a singleton: use providers of the default scope',
    ]);
  }
}

function outbox(definition: DynamicModule, { account, isGlobal = false }: LaafficOutboxModuleExtras): DynamicModule {
  const sms = account === undefined ? SmsService : getSmsToken(account);
  const [outboxToken, campaigns, ledger] = [getOutboxToken(account), getCampaignsToken(account), ledgerToken(account)];
  return {
    ...definition,
    global: isGlobal,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: OutboxSettings,
        useFactory: (options: unknown) => new OutboxSettings(options, account),
        inject: [OUTBOX_OPTIONS],
      },
      {
        provide: OutboxLedger,
        useFactory: (settings: OutboxSettings, service: SmsService) => OutboxLedger.open(settings, service.appId),
        inject: [OutboxSettings, sms],
      },
      { provide: ledger, useExisting: OutboxLedger },
      {
        // A named account does not provide `SmsOutbox` as well: `app.get(SmsOutbox)` must find the default account
        // only.
        provide: outboxToken,
        useFactory: (opened: OutboxLedger, clock: ProcessClock) => new SmsOutbox(opened, clock),
        inject: [OutboxLedger, ProcessClock],
      },
      {
        provide: campaigns,
        useFactory: (opened: OutboxLedger, clock: ProcessClock) => new SmsCampaigns(opened, clock),
        inject: [OutboxLedger, ProcessClock],
      },
      {
        provide: OutboxSender,
        useFactory: (ledger: OutboxLedger, service: SmsService, clock: ProcessClock) =>
          new OutboxSender(ledger, service, clock),
        inject: [OutboxLedger, sms, ProcessClock],
      },
      {
        provide: ReportBook,
        useFactory: (ledger: OutboxLedger) => new ReportBook(ledger),
        inject: [OutboxLedger],
      },
      {
        provide: ReportIntake,
        useFactory: (book: ReportBook, opened: OutboxLedger) =>
          new ReportIntake(book, opened.prefix, new UnreadablePushes(opened), (appId) => opened.isElsewhere(appId)),
        inject: [ReportBook, OutboxLedger],
      },
      {
        provide: Reconciler,
        useFactory: (ledger: OutboxLedger, service: SmsService, book: ReportBook) =>
          new Reconciler(ledger, service, book),
        inject: [OutboxLedger, sms, ReportBook],
      },
      {
        provide: EventDispatcher,
        useFactory: (ledger: OutboxLedger, handlers: EventHandlers) => new EventDispatcher(ledger, handlers),
        inject: [OutboxLedger, EventHandlers],
      },
      {
        provide: RetentionRounds,
        useFactory: (ledger: OutboxLedger) => new RetentionRounds(ledger),
        inject: [OutboxLedger],
      },
    ],
    exports: [outboxToken, campaigns, ledger],
  };
}
