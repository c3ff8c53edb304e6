import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { importOptional } from 'nestjs-laaffic';
import type { OutboxStore } from '../store/outbox-store.js';
import { storeToken } from '../outbox-tokens.js';
import { OutboxRecorder } from './outbox-recorder.js';
import {
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  OUTBOX_TELEMETRY_OPTIONS,
} from './outbox-telemetry.module-definition.js';
import { OutboxTelemetrySettings } from './outbox-telemetry.options.js';

/**
 * OpenTelemetry metrics for the outbox of an account. It finds the outbox wherever the app registers
 * `LaafficOutboxModule`.
 *
 * Counters and histograms cover what this process did. Gauges are read from the database when metrics are collected,
 * and every process reports the same value: aggregate them with the maximum, not the sum.
 * @example
 * @Module({ imports: [OutboxTelemetryModule.forRoot()] })
 * export class TelemetryModule {}
 */
@Module({})
export class OutboxTelemetryModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    const definition = super.forRoot(options);
    const { account } = options;
    return {
      ...definition,
      providers: [
        ...(definition.providers ?? []),
        {
          provide: OutboxTelemetrySettings,
          useFactory: (given: unknown) => new OutboxTelemetrySettings(given, account),
          inject: [OUTBOX_TELEMETRY_OPTIONS],
        },
        {
          provide: OutboxRecorder,
          useFactory: async (modules: ModuleRef, settings: OutboxTelemetrySettings) => {
            const load = () => import('@opentelemetry/api');
            const api = await importOptional('@opentelemetry/api', 'OutboxTelemetryModule needs', load);
            const store = () => modules.get<OutboxStore>(storeToken(account), { strict: false });
            return new OutboxRecorder(store, account, settings, api);
          },
          inject: [ModuleRef, OutboxTelemetrySettings],
        },
      ],
    };
  }
}
