import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { VerificationTelemetryOptions } from './verification-telemetry.options.js';

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: VERIFICATION_TELEMETRY_OPTIONS,
  OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<VerificationTelemetryOptions>({ moduleName: 'VerificationTelemetry' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createVerificationTelemetryOptions')
  .build();
