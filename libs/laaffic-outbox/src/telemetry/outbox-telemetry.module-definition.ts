import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OutboxTelemetryOptions } from './outbox-telemetry.options.js';

/** Settings of a registration that are not options. */
export interface OutboxTelemetryModuleExtras {
  /**
   * The name of the account. Metrics have it as the attribute `laaffic.account`.
   * @default the default account
   */
  account?: string | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: OUTBOX_TELEMETRY_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<OutboxTelemetryOptions>({ moduleName: 'OutboxTelemetry' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createOutboxTelemetryOptions')
  .setExtras<OutboxTelemetryModuleExtras>({ account: undefined }, (definition) => definition)
  .build();
