import { Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule, ModuleRef } from '@nestjs/core';
import { getSmsToken, SmsService } from 'nestjs-laaffic';
import { ProcessClock } from './runtime/clock.js';
import { EventDispatcher } from './events/event-dispatcher.js';
import { EventHandlers } from './events/event-handlers.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  OUTBOX_OPTIONS,
  type LaafficOutboxModuleExtras,
} from './laaffic-outbox.module-definition.js';
import { OutboxSettings } from './options/outbox.settings.js';
import { InboundIntake } from './reports/inbound-intake.js';
import { Reconciler } from './reports/reconciler.js';
import { ReportIntake } from './reports/report-intake.js';
import { ReportStore } from './reports/report-store.js';
import { UnreadablePushes } from './reports/unreadable-pushes.js';
import { OutboxOptionsError } from './errors/outbox.error.js';
import {
  getCampaignsToken,
  getInboxToken,
  getOptOutsToken,
  getCostsToken,
  getOutboxToken,
  getTemplatesToken,
  partsToken,
  storeToken,
  type OutboxParts,
} from './outbox-tokens.js';
import { SmsCampaigns } from './sms-campaigns.js';
import { SmsInbox } from './sms-inbox.js';
import { SmsOptOuts } from './sms-opt-outs.js';
import { SmsCosts } from './sms-costs.js';
import { SmsOutbox } from './sms-outbox.js';
import { SmsTemplates } from './sms-templates.js';
import { OutboxStore } from './store/outbox-store.js';
import { TemplateCache } from './templates/template-cache.js';
import { OutboxWorker } from './worker/outbox-worker.js';

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
  const [outboxToken, campaigns, store] = [getOutboxToken(account), getCampaignsToken(account), storeToken(account)];
  const [inbox, optOuts, costs] = [getInboxToken(account), getOptOutsToken(account), getCostsToken(account)];
  const templates = getTemplatesToken(account);
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
        provide: OutboxStore,
        useFactory: (settings: OutboxSettings, service: SmsService) => OutboxStore.open(settings, service.appId),
        inject: [OutboxSettings, sms],
      },
      { provide: store, useExisting: OutboxStore },
      {
        provide: TemplateCache,
        useFactory: ({ account: appId, callers, listener }: OutboxStore, clock: ProcessClock) =>
          new TemplateCache(appId, callers, listener, clock),
        inject: [OutboxStore, ProcessClock],
      },
      {
        // A named account does not provide `SmsOutbox` as well: `app.get(SmsOutbox)` must find the default account
        // only.
        provide: outboxToken,
        useFactory: (opened: OutboxStore, clock: ProcessClock, cache: TemplateCache) =>
          new SmsOutbox(opened, clock, cache),
        inject: [OutboxStore, ProcessClock, TemplateCache],
      },
      {
        provide: campaigns,
        useFactory: (opened: OutboxStore, clock: ProcessClock) => new SmsCampaigns(opened, clock),
        inject: [OutboxStore, ProcessClock],
      },
      { provide: costs, useFactory: (opened: OutboxStore) => new SmsCosts(opened), inject: [OutboxStore] },
      {
        provide: inbox,
        useFactory: (opened: OutboxStore) => new SmsInbox(opened),
        inject: [OutboxStore],
      },
      {
        provide: optOuts,
        useFactory: (opened: OutboxStore) => new SmsOptOuts(opened),
        inject: [OutboxStore],
      },
      {
        provide: InboundIntake,
        useFactory: (opened: OutboxStore) => new InboundIntake(opened, opened.settings.replies),
        inject: [OutboxStore],
      },
      {
        provide: templates,
        useFactory: (opened: OutboxStore) => new SmsTemplates(opened),
        inject: [OutboxStore],
      },
      {
        provide: OutboxWorker,
        useFactory: (store: OutboxStore, service: SmsService, clock: ProcessClock) =>
          new OutboxWorker(store, service, clock),
        inject: [OutboxStore, sms, ProcessClock],
      },
      {
        provide: ReportStore,
        useFactory: (store: OutboxStore) => new ReportStore(store),
        inject: [OutboxStore],
      },
      {
        provide: ReportIntake,
        useFactory: (reports: ReportStore, opened: OutboxStore) =>
          new ReportIntake(reports, opened.prefix, new UnreadablePushes(opened.account, opened.database), (appId) =>
            opened.isElsewhere(appId),
          ),
        inject: [ReportStore, OutboxStore],
      },
      {
        provide: Reconciler,
        useFactory: (store: OutboxStore, service: SmsService, reports: ReportStore, inbound: InboundIntake) =>
          new Reconciler(store, service, reports, inbound),
        inject: [OutboxStore, sms, ReportStore, InboundIntake],
      },
      {
        provide: EventDispatcher,
        useFactory: (store: OutboxStore, handlers: EventHandlers) => new EventDispatcher(store, handlers),
        inject: [OutboxStore, EventHandlers],
      },
      {
        provide: partsToken(account),
        useFactory: (
          store: OutboxStore,
          worker: OutboxWorker,
          reconciler: Reconciler,
          dispatcher: EventDispatcher,
        ): OutboxParts => ({ store, worker, reconciler, dispatcher }),
        inject: [OutboxStore, OutboxWorker, Reconciler, EventDispatcher],
      },
    ],
    exports: [outboxToken, campaigns, costs, inbox, optOuts, templates, store],
  };
}
