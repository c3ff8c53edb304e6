import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { OutboxTelemetryOptions } from './outbox-telemetry.options.js';

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: OUTBOX_TELEMETRY_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<OutboxTelemetryOptions>({ moduleName: 'OutboxTelemetry' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createOutboxTelemetryOptions')
  .build();
