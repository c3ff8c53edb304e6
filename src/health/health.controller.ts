import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult, type HealthIndicatorResult } from '@nestjs/terminus';
import { LaafficHealthIndicator } from 'nestjs-laaffic/health';
import { OutboxHealthIndicator } from 'nestjs-laaffic-outbox/health';
import { Public } from '../common/auth/route-access.js';
import { HealthChecks } from '../common/health-checks.js';
import { ServiceDatabase } from '../database/service-database.js';

/** The body of `/health/live`. */
interface Liveness {
  readonly status: 'ok';
  /** The server of this machine, if the service runs one. */
  readonly embeddedPostgres?: { readonly status: string; readonly since: Date };
}

@ApiTags('health')
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly laaffic: LaafficHealthIndicator,
    private readonly outbox: OutboxHealthIndicator,
    private readonly database: ServiceDatabase,
    private readonly features: HealthChecks,
  ) {}

  @Get()
  @HealthCheck()
  @ApiOperation({
    summary: 'Check whether messages can be sent; for alerting',
    description:
      'Checks the credentials and the clock at the platform, the database, and whether the account is paused. It responds 503 while the account is paused, though messages are still accepted then. A restart does not help. ' +
      'With phone verification, `verification` lists the alarms of its guard that stop messages: `cap GB`, `trouble GB`. They leave the status at 200.',
  })
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.#account(), () => this.outbox.isHealthy(), ...this.features.all]);
  }

  @Get('live')
  @ApiOperation({
    summary: 'Check whether the process responds; for restarts by an orchestrator',
    description:
      'It responds 200 also while the PostgreSQL server of this machine is started again. A restart of the process would not help.',
  })
  @ApiOkResponse({
    schema: {
      type: 'object',
      required: ['status'],
      properties: {
        status: { type: 'string', example: 'ok' },
        embeddedPostgres: {
          type: 'object',
          description: 'The PostgreSQL server of this machine, if the service runs one.',
          required: ['status', 'since'],
          properties: {
            status: { type: 'string', enum: ['running', 'restarting', 'stopped'] },
            since: { type: 'string', format: 'date-time' },
          },
        },
      },
    },
  })
  live(): Liveness {
    const state = this.database.serverState;
    if (state === undefined) return { status: 'ok' };
    // The reason contains paths of the machine, and the route needs no API key. The log has it.
    return { status: 'ok', embeddedPostgres: { status: state.status, since: state.since } };
  }

  /** Leaves the balance out, because the route needs no API key. */
  async #account(): Promise<HealthIndicatorResult> {
    const { laaffic } = await this.laaffic.isHealthy();
    const facts = Object.entries(laaffic).filter(([fact]) => fact !== 'balance');
    return { laaffic: { ...Object.fromEntries(facts), status: laaffic.status } };
  }
}
