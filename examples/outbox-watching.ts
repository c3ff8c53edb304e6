import { Controller, Get, Module, type DynamicModule } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { LaafficModule, type LaafficOptions } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { OutboxHealthIndicator, OutboxHealthModule } from 'nestjs-laaffic-outbox/health';
import { OutboxTelemetryModule } from 'nestjs-laaffic-outbox/telemetry';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly outbox: OutboxHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.outbox.isHealthy('outbox', { oldestPrioritySeconds: 30, held: 0 })]);
  }
}

@Module({ controllers: [HealthController] })
export class WatchedModule {
  static for(account: LaafficOptions, database: string): DynamicModule {
    return {
      module: WatchedModule,
      imports: [
        LaafficModule.forRoot({ ...account, isGlobal: true }),
        LaafficOutboxModule.forRoot({ database }),
        OutboxTelemetryModule.forRoot(),
        TerminusModule,
        OutboxHealthModule.forRoot(),
      ],
    };
  }
}
