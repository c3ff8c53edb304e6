import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { LaafficHealthIndicator } from 'nestjs-laaffic/health';
import { OutboxHealthIndicator } from 'nestjs-laaffic-outbox/health';
import { OpenToAll } from '../access/api-key.guard.js';

@ApiTags('health')
@Controller('health')
@OpenToAll()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly laaffic: LaafficHealthIndicator,
    private readonly outbox: OutboxHealthIndicator,
  ) {}

  /**
   * Whether messages can be sent: credentials, balance and clock, asked of the platform now and then; the database,
   * and whether the account is paused.
   */
  @Get()
  @HealthCheck()
  @ApiOperation({ summary: 'Whether messages can be sent' })
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.laaffic.isHealthy(), () => this.outbox.isHealthy()]);
  }
}
