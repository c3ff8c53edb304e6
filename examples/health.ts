import { Controller, Get, Module, type DynamicModule } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { LaafficModule, type LaafficOptions } from 'nestjs-laaffic';
import { LaafficHealthIndicator, LaafficHealthModule } from 'nestjs-laaffic/health';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly laaffic: LaafficHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.laaffic.isHealthy()]);
  }
}

@Module({ controllers: [HealthController] })
export class HealthModule {
  static for(account: LaafficOptions): DynamicModule {
    return {
      module: HealthModule,
      imports: [LaafficModule.forRoot(account), TerminusModule, LaafficHealthModule.forRoot({ minBalance: '25' })],
    };
  }
}
