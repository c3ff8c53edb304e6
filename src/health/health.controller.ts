import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult, type HealthIndicatorResult } from '@nestjs/terminus';
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
   * Whether messages can be sent: credentials and clock, asked of the platform now and then; the database, and
   * whether the account is paused.
   */
  @Get()
  @HealthCheck()
  @ApiOperation({
    summary: 'Whether messages can be sent; for alarms',
    description: '503 while the account is paused too, though messages are taken then: restarting helps nobody.',
  })
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.#account(), () => this.outbox.isHealthy()]);
  }

  /** Whether the process answers. */
  @Get('live')
  @ApiOperation({ summary: 'Whether the process answers; for restarts by an orchestrator' })
  @ApiOkResponse({ schema: { type: 'object', properties: { status: { type: 'string', example: 'ok' } } } })
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** Anybody may read it, so what the account holds is left out. */
  async #account(): Promise<HealthIndicatorResult> {
    const { laaffic } = await this.laaffic.isHealthy();
    const facts = Object.entries(laaffic).filter(([fact]) => fact !== 'balance');
    return { laaffic: { ...Object.fromEntries(facts), status: laaffic.status } };
  }
}
