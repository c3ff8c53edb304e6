import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
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
import { OutboxSettings } from './options/outbox.settings.js';
import { Reconciler } from './reports/reconciler.js';
import { ReportIntake } from './reports/report-intake.js';
import { SmsCampaigns } from './sms-campaigns.js';
import { SmsOutbox } from './sms-outbox.js';
import { OutboxSender } from './worker/outbox-sender.js';
import { RetentionRounds } from './worker/retention-rounds.js';

/** The durable outbox of one gateway account. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: OutboxSettings,
      useFactory: (options: unknown) => new OutboxSettings(options),
      inject: [OUTBOX_OPTIONS],
    },
    ProcessClock,
    EventHandlers,
    SmsOutbox,
    SmsCampaigns,
  ],
  exports: [SmsOutbox, SmsCampaigns],
})
export class LaafficOutboxModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return outbox(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return outbox(super.forRootAsync(options), options);
  }
}

function outbox(definition: DynamicModule, { account, isGlobal = false }: LaafficOutboxModuleExtras): DynamicModule {
  const sms = account === undefined ? SmsService : getSmsToken(account);
  return {
    ...definition,
    global: isGlobal,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: OutboxLedger,
        useFactory: (settings: OutboxSettings, service: SmsService) => OutboxLedger.open(settings, service.appId),
        inject: [OutboxSettings, sms],
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
        useFactory: (book: ReportBook, ledger: OutboxLedger) => new ReportIntake(book, ledger.prefix),
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
  };
}
