import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';
import { getSmsToken } from '../sms-token.js';
import { SmsService } from '../sms.service.js';
import { getLaafficHealthToken } from './laaffic-health-token.js';
import { LaafficHealthIndicator } from './laaffic-health.indicator.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  LAAFFIC_HEALTH_OPTIONS,
  OPTIONS_TYPE,
  type LaafficHealthModuleExtras,
} from './laaffic-health.module-definition.js';
import { LaafficHealthSettings } from './laaffic-health.options.js';

/**
 * A Terminus indicator for an account of `LaafficModule`, which it finds wherever the app registers
 * it. Options are checked at boot.
 */
@Module({
  providers: [
    {
      provide: LaafficHealthSettings,
      useFactory: (options: unknown) => new LaafficHealthSettings(options),
      inject: [LAAFFIC_HEALTH_OPTIONS],
    },
    HealthIndicatorService,
  ],
})
export class LaafficHealthModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return indicatorOf(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return indicatorOf(super.forRootAsync(options), options);
  }
}

function indicatorOf(definition: DynamicModule, { name, isGlobal = false }: LaafficHealthModuleExtras): DynamicModule {
  const account = name === undefined ? SmsService : getSmsToken(name);
  const token = name === undefined ? LaafficHealthIndicator : getLaafficHealthToken(name);
  const indicator: Provider = {
    provide: token,
    useFactory: (modules: ModuleRef, settings: LaafficHealthSettings, indicators: HealthIndicatorService) =>
      new LaafficHealthIndicator(() => modules.get<SmsService>(account, { strict: false }), settings, indicators),
    inject: [ModuleRef, LaafficHealthSettings, HealthIndicatorService],
  };
  return {
    ...definition,
    global: isGlobal,
    providers: [...(definition.providers ?? []), indicator],
    exports: [token],
  };
}
