import { Module, UseInterceptors, type DynamicModule, type Type } from '@nestjs/common';
import { LaafficVerifyModule } from 'nestjs-laaffic-verify';
import { LaafficVerifyHttpModule } from 'nestjs-laaffic-verify/http';
import { VerificationHealthIndicator, VerificationHealthModule } from 'nestjs-laaffic-verify/health';
import { HealthChecks } from '../common/health-checks.js';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { OutboxModule } from '../database/outbox.module.js';
import { VerificationBodyGuard, VerificationErrors } from './verification-errors.js';
import { verifyOptions } from './verify-options.js';
export { inSettings } from './verify-options.js';
import { documentVerifications } from './verifications.openapi.js';

/** Phone verification over HTTP: the routes of nestjs-laaffic-verify, behind the API keys of the service. */
@Module({})
export class VerificationsModule {
  constructor(checks: HealthChecks, verification: VerificationHealthIndicator) {
    checks.add(() => verification.isHealthy());
  }

  static forRoot(): DynamicModule {
    const verify = LaafficVerifyModule.forRootAsync({
      imports: [OutboxModule],
      inject: [CONFIGURATION],
      useFactory: (configuration: Configuration) => verifyOptions(configuration),
    });
    const routes = LaafficVerifyHttpModule.register({
      caller: 'backend',
      path: 'v1/verifications',
      guards: [VerificationBodyGuard],
      imports: [verify],
    });
    const controllers: readonly Type<object>[] = routes.controllers ?? [];
    for (const controller of controllers) {
      UseInterceptors(VerificationErrors)(controller);
      documentVerifications(controller);
    }
    return { module: VerificationsModule, imports: [routes, VerificationHealthModule.forRoot()] };
  }
}
