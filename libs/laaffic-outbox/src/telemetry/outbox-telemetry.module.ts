import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { OutboxLedger } from '../ledger/outbox-ledger.js';
import { OutboxRecorder } from './outbox-recorder.js';
import {
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  OUTBOX_TELEMETRY_OPTIONS,
} from './outbox-telemetry.module-definition.js';
import { OutboxTelemetrySettings } from './outbox-telemetry.options.js';

/**
 * OpenTelemetry metrics of the outbox, which it finds wherever the app registers `LaafficOutboxModule`. Counters and
 * histograms are of what this process moved on; gauges are read from the database when metrics are collected,
 * and every process that has them says the same: take the largest and not the sum.
 */
@Module({
  providers: [
    {
      provide: OutboxTelemetrySettings,
      useFactory: (options: unknown) => new OutboxTelemetrySettings(options),
      inject: [OUTBOX_TELEMETRY_OPTIONS],
    },
    {
      provide: OutboxRecorder,
      useFactory: (modules: ModuleRef, settings: OutboxTelemetrySettings) =>
        new OutboxRecorder(() => modules.get(OutboxLedger, { strict: false }), settings),
      inject: [ModuleRef, OutboxTelemetrySettings],
    },
  ],
})
export class OutboxTelemetryModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }
}
