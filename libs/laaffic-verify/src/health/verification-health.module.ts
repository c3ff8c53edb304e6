import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import { FraudGuard } from '../fraud-guard.js';
import { EXTENSION } from '../verify-tokens.js';
import { VerificationHealthIndicator } from './verification-health.indicator.js';

export interface VerificationHealthModuleOptions {
  /**
   * Whether other modules can inject the indicator without importing this module.
   * @default false
   */
  readonly isGlobal?: boolean | undefined;
}

/**
 * A Terminus health indicator for phone verification. It finds the verification wherever the app registers
 * `LaafficVerifyModule`.
 * @example
 * @Module({ imports: [TerminusModule, VerificationHealthModule.forRoot()], controllers: [HealthController] })
 * export class HealthModule {}
 */
@Module({})
export class VerificationHealthModule {
  static forRoot({ isGlobal = false }: VerificationHealthModuleOptions = {}): DynamicModule {
    return {
      module: VerificationHealthModule,
      global: isGlobal,
      providers: [
        {
          provide: VerificationHealthIndicator,
          useFactory: (modules: ModuleRef) =>
            // At the first check, because the app's modules may not be ready earlier.
            new VerificationHealthIndicator(
              () => modules.get<OutboxExtension>(EXTENSION, { strict: false }).checkSchema(),
              () => modules.get(FraudGuard, { strict: false }).findAlarms(),
            ),
          inject: [ModuleRef],
        },
      ],
      exports: [VerificationHealthIndicator],
    };
  }
}
