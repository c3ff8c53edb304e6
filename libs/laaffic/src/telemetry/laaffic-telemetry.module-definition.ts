import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficTelemetryOptions } from './laaffic-telemetry.options.js';

/** The arguments of a registration that are not options. */
export interface LaafficTelemetryModuleExtras {
  /**
   * The name of the account; spans and metrics have it as `laaffic.account`.
   * @default the account without a name, whose token is `SmsService`
   */
  account?: string | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: LAAFFIC_TELEMETRY_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficTelemetryOptions>({ moduleName: 'LaafficTelemetry' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficTelemetryOptions')
  .setExtras<LaafficTelemetryModuleExtras>({ account: undefined }, (definition) => definition)
  .build();
