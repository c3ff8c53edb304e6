import { Controller, Get, Inject, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, SmsCampaigns, SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { OutboxHealthIndicator, OutboxHealthModule, type OutboxHealthLimits } from 'nestjs-laaffic-outbox/health';
import { Pool } from 'pg';
import { Standings } from '../../libs/laaffic-outbox/src/ledger/standing.js';
import { OutboxLedger } from '../../libs/laaffic-outbox/src/ledger/outbox-ledger.js';
import { ACCOUNT, failureOf } from '../module/account.js';
import { campaignOf, numbers, until } from './campaigns.js';
import { startDatabase } from './database.js';

const TIMING = {
  startWithin: 2_500,
  timeout: 2_500,
  lease: 5_200,
  grace: 100,
  lookup: false,
  reportsAfter: false,
} as const;
const NUMBER = '918563210001';
const EMPTY = {
  backlog: 0,
  scheduled: 0,
  oldestPendingSeconds: 0,
  oldestPrioritySeconds: 0,
  unknown: 0,
  held: 0,
  account: 'works',
};

let database: Awaited<ReturnType<typeof startDatabase>>;
let pool: Pool;
let sandbox: LaafficSandbox;
let schema = '';
let schemas = 0;
let app: INestApplication | undefined;

beforeAll(async () => {
  database = await startDatabase();
  pool = new Pool({ connectionString: database.url });
  sandbox = await LaafficSandbox.start();
});
beforeEach(() => {
  sandbox.reset();
  schema = `health_${++schemas}`;
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
});
afterAll(async () => {
  await sandbox.close();
  await pool.end();
  await database.close();
});

/** An app as its users have it: the outbox and the indicator registered side by side. */
async function serve(options: Partial<LaafficOutboxOptions> = {}, limits?: OutboxHealthLimits) {
  @Controller()
  class HealthController {
    constructor(
      @Inject(HealthCheckService) private readonly health: HealthCheckService,
      @Inject(OutboxHealthIndicator) private readonly outbox: OutboxHealthIndicator,
    ) {}

    @Get('health')
    @HealthCheck()
    check() {
      return this.health.check([() => this.outbox.isHealthy('outbox', limits)]);
    }
  }
  @Module({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: database.url, schema, timing: TIMING, worker: { poll: 50 }, ...options }),
      TerminusModule.forRoot({ logger: false }),
      OutboxHealthModule,
    ],
    controllers: [HealthController],
  })
  class App {}
  const served = await NestFactory.create(App, { logger: false, abortOnError: false });
  app = served;
  await served.listen(0, '127.0.0.1');
  const url = `${await served.getUrl()}/health`;
  const probe = async () => {
    const answer = await fetch(url);
    const { details } = (await answer.json()) as { details: { outbox: typeof EMPTY } };
    return { http: answer.status, ...details };
  };
  /** The first answer of which that is so: others are kept for a second. */
  const probeUntil = async (isSo: (answer: Awaited<ReturnType<typeof probe>>) => boolean) => {
    let last = await probe();
    await until(async () => isSo((last = await probe())));
    return last;
  };
  return { probe, probeUntil, outbox: served.get(SmsOutbox), campaigns: served.get(SmsCampaigns), app: served };
}

const up = (facts: object) => ({ http: 200, outbox: { ...EMPTY, status: 'up', ...facts } });
const down = (facts: object) => ({ http: 503, outbox: { ...EMPTY, status: 'down', ...facts } });

describe('an outbox is up', () => {
  it('with nothing in it', async () => {
    const { probe } = await serve();
    expect(await probe()).toEqual(up({}));
  });

  it('with what it counts of what is open', async () => {
    const { probe, outbox, campaigns } = await serve({ worker: false });
    const to = [...numbers(3)];
    await outbox.enqueue({ to, content: 'x' });
    await outbox.enqueue({ to, content: 'x' }, { lane: 'bulk' });
    await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendAt: new Date(Date.now() + 60_000) });
    const recipients = [...numbers(10)];
    await campaigns.create(campaignOf({ recipients, sendAt: 'now' }));
    await campaigns.create(campaignOf({ recipients, sendAt: new Date(Date.now() + 60_000) }));
    await campaigns.create(campaignOf({ recipients }));
    const { id } = await campaigns.create(campaignOf({ recipients, sendAt: 'now' }));
    await campaigns.pause(id);
    await pool.query(`update ${schema}.chunk set due_at = due_at - case lane when 'priority' then interval '100 seconds'
      else interval '200 seconds' end where due_at <= clock_timestamp() and campaign_id is null`);
    expect(await probe()).toEqual(
      up({
        backlog: 16,
        scheduled: 11,
        oldestPendingSeconds: expect.closeTo(200, -1),
        oldestPrioritySeconds: expect.closeTo(100, -1),
      }),
    );
  });

  it('with recipients that are unknown and held, in whole and in part', async () => {
    const timing = { ...TIMING, grace: 60_000 };
    const { probeUntil, outbox } = await serve({ timing });
    const ages = () => pool.query(`update ${schema}.chunk set changed_at = changed_at - interval '1 hour'`);
    sandbox.script([{ fault: 'cut-after-accepting' }, { fault: 'missing-items', count: 2 }]);
    await outbox.send({ to: [...numbers(4)], content: 'x' });
    await outbox.send({ to: [...numbers(5)], content: 'x' });
    const first = await probeUntil(({ outbox: { unknown } }) => unknown === 6);
    await ages();
    const second = await probeUntil(({ outbox: { held } }) => held === 6);
    expect([first, second]).toEqual([up({ unknown: 6 }), up({ held: 6 })]);
  });

  it('with as much as its limits allow', async () => {
    const limits = { backlog: 1, oldestPendingSeconds: 60, oldestPrioritySeconds: 60, held: 0 };
    const { probe, outbox } = await serve({ worker: false }, limits);
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    expect(await probe()).toEqual(up({ backlog: 1 }));
  });
});

describe('an outbox is down, and is told with 503 what to do', () => {
  it('while the account is paused', async () => {
    const { probeUntil, outbox } = await serve();
    sandbox.script({ status: -10, reason: `no: ${ACCOUNT.apiKey} ${NUMBER}`, times: Infinity });
    await outbox.enqueue({ to: NUMBER, content: 'secret' });
    const answer = await probeUntil(({ http }) => http === 503);
    sandbox.reset();
    expect(answer).toEqual(
      down({
        backlog: 1,
        oldestPendingSeconds: expect.any(Number),
        oldestPrioritySeconds: expect.any(Number),
        account: 'paused',
        pausedCode: 'LAAFFIC_INSUFFICIENT_BALANCE',
        pausedSince: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        code: 'OUTBOX_HEALTH_PAUSED',
        message: 'The SMS account cannot send; it is tried now and then',
        advice: 'Messages are kept: remove the cause that pausedCode names, and sending goes on.',
      }),
    );
  });

  it.each([
    [{ backlog: 1 }, 'backlog'],
    [{ oldestPendingSeconds: 99 }, 'oldestPendingSeconds'],
    [{ oldestPrioritySeconds: 99 }, 'oldestPrioritySeconds'],
    [{ backlog: 1, oldestPendingSeconds: 99, held: 0 }, 'backlog, oldestPendingSeconds'],
  ])('above the limits %j', async (limits, named) => {
    const { probe, outbox } = await serve({ worker: false }, limits);
    await outbox.enqueue({ to: [...numbers(2)], content: 'x' });
    await pool.query(`update ${schema}.chunk set due_at = due_at - interval '100 seconds'`);
    const seconds = expect.closeTo(100, -1);
    expect(await probe()).toEqual(
      down({
        backlog: 2,
        oldestPendingSeconds: seconds,
        oldestPrioritySeconds: seconds,
        code: 'OUTBOX_HEALTH_LIMIT',
        message: `Above the limit: ${named}`,
        advice: 'See whether workers are running, and whether they may send faster.',
      }),
    );
  });

  it('with more held than it may have', async () => {
    const { probeUntil, outbox } = await serve({}, { held: 0 });
    sandbox.script({ fault: 'cut-after-accepting' });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    expect(await probeUntil(({ http }) => http === 503)).toEqual(
      down({
        held: 1,
        code: 'OUTBOX_HEALTH_LIMIT',
        message: 'Above the limit: held',
        advice: 'Decide about the held messages.',
      }),
    );
  });

  it('without its database', async () => {
    const { probe } = await serve({ worker: false });
    await pool.query(`alter table ${schema}.account rename to gone`);
    expect(await probe()).toEqual({
      http: 503,
      outbox: {
        status: 'down',
        code: 'OUTBOX_HEALTH_DATABASE',
        message: 'The database of the outbox did not answer',
        advice: 'Messages cannot be enqueued or sent until it does: look after the database and the way to it.',
      },
    });
  });

  it('with a database that does not answer in time', async () => {
    const { probe } = await serve({ worker: false });
    const locking = await pool.connect();
    await locking.query('begin');
    await locking.query(`lock table ${schema}.account`);
    const answer = await probe();
    await locking.query('rollback');
    locking.release();
    expect(answer).toMatchObject({ http: 503, outbox: { code: 'OUTBOX_HEALTH_DATABASE' } });
  });
});

describe('an answer', () => {
  it('is shared by those who ask at once or within a second, whatever their limits', async () => {
    const { app: served, outbox } = await serve({ worker: false });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    const read = jest.spyOn(Standings.prototype, 'read');
    let now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const indicator = served.get(OutboxHealthIndicator, { strict: false });
    const [one, other] = await Promise.all([indicator.isHealthy(), indicator.isHealthy('sms', { backlog: 0 })]);
    now += 999;
    await indicator.isHealthy();
    const within = read.mock.calls.length;
    now += 1;
    await indicator.isHealthy();
    expect([one.outbox.status, other.sms.status, within, read.mock.calls.length]).toEqual(['up', 'down', 1, 2]);
  });

  it('is found fast in a large backlog', async () => {
    const { app: served, campaigns } = await serve({ worker: false });
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(1), sendAt: 'now' }));
    await pool.query(
      `insert into ${schema}.chunk (account, campaign_id, lane, state, first, n, numbers)
        select c.account, case when i % 2 = 0 then c.campaign_id end, c.lane,
          case when i % 20 = 0 then 'pending' else 'settled' end::${schema}.chunk_state, i * 1000, 1000, c.numbers
        from ${schema}.chunk c, generate_series(1, 20000) i where c.campaign_id = $1`,
      [id],
    );
    const standings = new Standings(served.get(OutboxLedger, { strict: false }));
    const standing = await standings.read();
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      await standings.read();
      times.push(performance.now() - began);
    }
    expect(standing.backlog).toBe(1_000_001);
    expect(Math.min(...times)).toBeLessThan(20);
  });

  it('is refused with a limit that limits nothing', async () => {
    const { app: served } = await serve({ worker: false });
    const indicator = served.get(OutboxHealthIndicator, { strict: false });
    for (const limits of [{ held: NaN }, { held: -1 }]) {
      expect(await failureOf(indicator.isHealthy('outbox', limits))).toEqual(
        new RangeError('limits.held must be a number from 0'),
      );
    }
  });
});
