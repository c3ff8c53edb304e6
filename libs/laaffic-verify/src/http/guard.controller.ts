import { Get, Header, HttpCode, Inject, Post, Put } from '@nestjs/common';
import { FraudGuard, type GuardStatus, type ReleasedRange } from '../fraud-guard.js';
import type { GuardAlarm } from '../guard/guard-alarm.js';
import type { ListedEntry } from '../guard/guard-store.js';
import { UseVerifyErrors } from '../requests/use-verify-errors.decorator.js';
import { CheckedBody, CheckedQuery } from './checked-body.decorator.js';
import {
  DecisionsQuery,
  ListTargetBody,
  NumberVerdictBody,
  ReleaseTargetBody,
  SinceQuery,
} from './dto/guard-bodies.dto.js';

/** The list of operators after a change. */
interface ListBody {
  readonly listed: readonly ListedEntry[];
}

/** The routes for operators, below those for the app's backend and behind the same guards. */
@UseVerifyErrors()
export class GuardController {
  constructor(@Inject(FraudGuard) private readonly guard: FraudGuard) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async getStatus(): Promise<GuardStatus & ListBody> {
    return { ...(await this.guard.getStatus()), ...(await this.#list()) };
  }

  /** A line of JSON for each decision, the last one first. */
  @Get('decisions')
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', 'application/x-ndjson; charset=utf-8')
  async findDecisions(
    @CheckedQuery(DecisionsQuery) { since, rule, country, limit }: Readonly<DecisionsQuery>,
  ): Promise<string> {
    const most = limit === undefined ? undefined : Number(limit);
    const found = await this.guard.findDecisions({ since: new Date(since), rule, country, limit: most });
    return found.map((decision) => `${JSON.stringify(decision)}\n`).join('');
  }

  @Get('alarms')
  @Header('Cache-Control', 'no-store')
  async findAlarms(
    @CheckedQuery(SinceQuery) { since }: Readonly<SinceQuery>,
  ): Promise<{ readonly alarms: readonly GuardAlarm[] }> {
    return { alarms: await this.guard.findAlarms({ since: dateOf(since) }) };
  }

  @Post('block')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async block(@CheckedBody(ListTargetBody) { target, until, actor }: Readonly<ListTargetBody>): Promise<ListBody> {
    await this.guard.block(target, { actor, until: dateOf(until) });
    return this.#list();
  }

  @Post('allow')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async allow(@CheckedBody(ListTargetBody) { target, until, actor }: Readonly<ListTargetBody>): Promise<ListBody> {
    await this.guard.allow(target, { actor, until: dateOf(until) });
    return this.#list();
  }

  @Post('release')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  release(@CheckedBody(ReleaseTargetBody) { target, actor }: Readonly<ReleaseTargetBody>): Promise<ReleasedRange> {
    return this.guard.release(target, { actor });
  }

  @Put('list')
  @Header('Cache-Control', 'no-store')
  async setVerdict(@CheckedBody(NumberVerdictBody) body: Readonly<NumberVerdictBody>): Promise<ListBody> {
    const { number, country, verdict, until, actor } = body;
    await this.guard.setVerdict(number, verdict ?? undefined, { actor, country, until: dateOf(until) });
    return this.#list();
  }

  async #list(): Promise<ListBody> {
    return { listed: await this.guard.findListed() };
  }
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
