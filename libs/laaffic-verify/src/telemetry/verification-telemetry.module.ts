import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { importOptional } from 'nestjs-laaffic';
import { FraudGuard } from '../fraud-guard.js';
import { SmsVerification } from '../sms-verification.js';
import { VerificationRecorder } from './verification-recorder.js';
import {
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  VERIFICATION_TELEMETRY_OPTIONS,
} from './verification-telemetry.module-definition.js';
import { VerificationTelemetrySettings } from './verification-telemetry.options.js';

/**
 * OpenTelemetry metrics and spans for phone verification. It finds `SmsVerification` wherever the app registers it. They
 * cover what this process did, and have no numbers and no codes.
 * @example
 * @Module({ imports: [VerificationTelemetryModule.forRoot()] })
 * export class TelemetryModule {}
 */
@Module({})
export class VerificationTelemetryModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    const definition = super.forRoot(options);
    return {
      ...definition,
      providers: [
        ...(definition.providers ?? []),
        {
          provide: VerificationTelemetrySettings,
          useFactory: (given: unknown) => new VerificationTelemetrySettings(given),
          inject: [VERIFICATION_TELEMETRY_OPTIONS],
        },
        {
          provide: VerificationRecorder,
          useFactory: async (modules: ModuleRef, settings: VerificationTelemetrySettings) => {
            const load = () => import('@opentelemetry/api');
            const api = await importOptional('@opentelemetry/api', 'VerificationTelemetryModule needs', load);
            return new VerificationRecorder(
              () => modules.get(SmsVerification, { strict: false }),
              () => findGuard(modules),
              ...([settings, api] as const),
            );
          },
          inject: [ModuleRef, VerificationTelemetrySettings],
        },
      ],
    };
  }
}

/** An app that registers `SmsVerification` itself may have no guard. */
function findGuard(modules: ModuleRef): FraudGuard | undefined {
  try {
    return modules.get(FraudGuard, { strict: false });
  } catch {
    return undefined;
  }
}
