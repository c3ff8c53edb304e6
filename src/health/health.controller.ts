import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult, type HealthIndicatorResult } from '@nestjs/terminus';
import { LaafficHealthIndicator } from 'nestjs-laaffic/health';
import { OutboxHealthIndicator } from 'nestjs-laaffic-outbox/health';
import { Public } from '../common/auth/api-key.guard.js';

@ApiTags('health')
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly laaffic: LaafficHealthIndicator,
    private readonly outbox: OutboxHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  @ApiOperation({
    summary: 'Check whether messages can be sent; for alerting',
    description:
      'Checks the credentials and the clock at the platform, the database, and whether the account is paused. It responds 503 while the account is paused, though messages are still accepted then. A restart does not help.',
  })
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.#account(), () => this.outbox.isHealthy()]);
  }

  @Get('live')
  @ApiOperation({ summary: 'Check whether the process responds; for restarts by an orchestrator' })
  @ApiOkResponse({ schema: { type: 'object', properties: { status: { type: 'string', example: 'ok' } } } })
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** Leaves the balance out, because the route needs no API key. */
  async #account(): Promise<HealthIndicatorResult> {
    const { laaffic } = await this.laaffic.isHealthy();
    const facts = Object.entries(laaffic).filter(([fact]) => fact !== 'balance');
    return { laaffic: { ...Object.fromEntries(facts), status: laaffic.status } };
  }
}
