import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficTelemetryOptions } from './laaffic-telemetry.options.js';

/** What a registration takes beside its options. */
export interface LaafficTelemetryModuleExtras {
  /**
   * The name of the account, which spans and metrics then carry as `laaffic.account`.
   * @default none: the account that `SmsService` itself is the token of
   */
  name?: string | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: LAAFFIC_TELEMETRY_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficTelemetryOptions>({ moduleName: 'LaafficTelemetry' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficTelemetryOptions')
  .setExtras<LaafficTelemetryModuleExtras>({ name: undefined }, (definition) => definition)
  .build();
