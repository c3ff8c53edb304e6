import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getSmsToken } from '../sms-token.js';
import { SmsService } from '../sms.service.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  LAAFFIC_TELEMETRY_OPTIONS,
  OPTIONS_TYPE,
  type LaafficTelemetryModuleExtras,
} from './laaffic-telemetry.module-definition.js';
import { LaafficTelemetrySettings } from './laaffic-telemetry.options.js';
import { TrafficRecorder } from './traffic-recorder.js';

/**
 * OpenTelemetry spans and metrics of the requests of an account of `LaafficModule`, which it finds
 * wherever the app registers it, at boot. It records until the app has shut down and what was in
 * flight has ended.
 */
@Module({
  providers: [
    {
      provide: LaafficTelemetrySettings,
      useFactory: (options: unknown) => new LaafficTelemetrySettings(options),
      inject: [LAAFFIC_TELEMETRY_OPTIONS],
    },
  ],
})
export class LaafficTelemetryModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return recorderOf(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return recorderOf(super.forRootAsync(options), options);
  }
}

function recorderOf(definition: DynamicModule, { name }: LaafficTelemetryModuleExtras): DynamicModule {
  const account = name === undefined ? SmsService : getSmsToken(name);
  const recorder: Provider = {
    provide: TrafficRecorder,
    useFactory: (modules: ModuleRef, settings: LaafficTelemetrySettings) =>
      new TrafficRecorder(() => modules.get<SmsService>(account, { strict: false }), name, settings),
    inject: [ModuleRef, LaafficTelemetrySettings],
  };
  return { ...definition, providers: [...(definition.providers ?? []), recorder] };
}
