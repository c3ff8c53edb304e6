import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { importOptional } from '../options/missing-package.error.js';
import { optionsScopeCheck } from '../options/options-scope.js';
import { getSmsToken } from '../sms-token.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  LAAFFIC_TELEMETRY_OPTIONS,
  OPTIONS_TYPE,
  type LaafficTelemetryModuleExtras,
} from './laaffic-telemetry.module-definition.js';
import { LaafficTelemetrySettings } from './laaffic-telemetry.options.js';
import { RequestRecorder } from './request-recorder.js';

/**
 * Records OpenTelemetry spans and metrics for the requests of an account of `LaafficModule`. Finds the account at boot,
 * wherever the app registers it. Records until the app has shut down and the requests in flight have ended.
 * @example
 * imports: [LaafficModule.forRoot(account), LaafficTelemetryModule.forRoot()]
 */
@Module({
  providers: optionsScopeCheck(LAAFFIC_TELEMETRY_OPTIONS),
})
export class LaafficTelemetryModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return withRecorder(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withRecorder(super.forRootAsync(options), options);
  }
}

function withRecorder(definition: DynamicModule, { account }: LaafficTelemetryModuleExtras): DynamicModule {
  const recorder: Provider = {
    provide: RequestRecorder,
    useFactory: async (modules: ModuleRef, settings: LaafficTelemetrySettings) => {
      const load = () => import('@opentelemetry/api');
      const api = await importOptional('@opentelemetry/api', 'LaafficTelemetryModule needs', load);
      return new RequestRecorder(() => modules.get(getSmsToken(account), { strict: false }), account, settings, api);
    },
    inject: [ModuleRef, LaafficTelemetrySettings],
  };
  const settings: Provider = {
    provide: LaafficTelemetrySettings,
    useFactory: (options: unknown) => new LaafficTelemetrySettings(options, account),
    inject: [LAAFFIC_TELEMETRY_OPTIONS],
  };
  return { ...definition, providers: [...(definition.providers ?? []), settings, recorder] };
}
