import { Module, type DynamicModule } from '@nestjs/common';
import { getSmsToken, SmsService } from 'nestjs-laaffic';
import { ProcessClock } from './clock.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  OUTBOX_OPTIONS,
  type LaafficOutboxModuleExtras,
} from './laaffic-outbox.module-definition.js';
import { OutboxLedger } from './ledger/outbox-ledger.js';
import { OutboxSettings } from './options/outbox.settings.js';
import { SmsOutbox } from './sms-outbox.js';
import { OutboxSender } from './worker/outbox-sender.js';

/** The durable outbox of one gateway account. */
@Module({
  providers: [
    {
      provide: OutboxSettings,
      useFactory: (options: unknown) => new OutboxSettings(options),
      inject: [OUTBOX_OPTIONS],
    },
    ProcessClock,
    SmsOutbox,
  ],
  exports: [SmsOutbox],
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
          new OutboxSender(ledger, service, clock, () => false),
        inject: [OutboxLedger, sms, ProcessClock],
      },
    ],
  };
}
