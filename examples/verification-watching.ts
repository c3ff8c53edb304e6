import { Controller, Get, Module } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { OutboxHealthIndicator, OutboxHealthModule } from 'nestjs-laaffic-outbox/health';
import { VerificationHealthIndicator, VerificationHealthModule } from 'nestjs-laaffic-verify/health';
import { VerificationTelemetryModule } from 'nestjs-laaffic-verify/telemetry';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly outbox: OutboxHealthIndicator,
    private readonly verification: VerificationHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.outbox.isHealthy(), () => this.verification.isHealthy()]);
  }
}

@Module({
  imports: [
    TerminusModule,
    OutboxHealthModule.forRoot(),
    VerificationHealthModule.forRoot(),
    VerificationTelemetryModule.forRoot(),
  ],
  controllers: [HealthController],
})
export class WatchedModule {}
