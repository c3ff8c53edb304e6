import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Inject, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, SmsCampaigns, SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { OutboxHealthIndicator, OutboxHealthModule, type OutboxHealthLimits } from 'nestjs-laaffic-outbox/health';
import { Client, Pool } from 'pg';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { DatabaseProbe } from '../../libs/laaffic-outbox/src/health/database-probe.js';
import { StatsReader } from '../../libs/laaffic-outbox/src/messages/stats.js';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { ACCOUNT } from '../module/account.js';
import { campaignOf, numbers } from './campaigns.js';
import { startDatabase } from './database.js';
import { inTransaction } from './in-transaction.js';
import { Line } from './line.js';
import { until } from '../until.js';

const TIMING = {
  startWithinMs: 2_500,
  timeoutMs: 2_500,
  leaseMs: 5_200,
  gracePeriodMs: 100,
  lookupIntervalMs: false,
  reportsAfterMs: false,
} as const;
const NUMBER = '918563210001';
const EMPTY = {
  backlog: 0,
  scheduled: 0,
  oldestPendingSeconds: 0,
  oldestPrioritySeconds: 0,
  sending: 0,
  unknown: 0,
  held: 0,
  failedEvents: 0,
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

/** An app as its users write it: the outbox and the indicator registered side by side. */
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
      LaafficOutboxModule.forRoot({
        database: database.url,
        schema,
        timing: TIMING,
        worker: { pollIntervalMs: 150 },
        ...options,
      }),
      TerminusModule.forRoot({ logger: false }),
      OutboxHealthModule.forRoot(),
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
  /** The first response that fulfils the condition. Earlier ones are cached for a second. */
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
  it('when it is empty', async () => {
    const { probe } = await serve();
    expect(await probe()).toEqual(up({}));
  });

  it('while a person has paused its lanes, whatever waits in them', async () => {
    const limits = { backlog: 0, oldestPendingSeconds: 0, oldestPrioritySeconds: 0, held: 0 };
    const { probe, probeUntil, outbox } = await serve({ worker: false }, limits);
    await outbox.pauseLane('priority', { actor: 'alice', reason: 'a secret' });
    await outbox.setLaneConcurrency('bulk', 2, { actor: 'alice' });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    await pool.query(`update ${schema}.chunk set due_at = clock_timestamp() - interval '1 hour'`);
    await pool.query(
      `insert into ${schema}.lane_limit (account, lane, max_size, target_size, reason, probe_at)
        values ('${ACCOUNT.appId}', 'priority', 0, 1, 'silence', clock_timestamp())`,
    );
    const facts = { backlog: 1, oldestPendingSeconds: 3_600, oldestPrioritySeconds: 3_600 };
    expect(await probe()).toEqual(
      up({ ...facts, pausedLanes: 'priority', limitedLanes: 'priority', bulkConcurrency: 2 }),
    );
    await pool.query(`delete from ${schema}.lane_limit`);
    await outbox.pauseLane('bulk', { actor: 'alice' });
    await outbox.resumeLane('priority', { actor: 'alice' });
    // The other lane still has its limits.
    expect(await probeUntil(({ http }) => http === 503)).toMatchObject({
      outbox: { pausedLanes: 'bulk', message: 'Above the limit: oldestPrioritySeconds' },
    });
  });

  it('with a full notification queue: it says so, and messages are enqueued and sent all the same', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'laaffic-notify-'));
    chmodSync(dataDir, 0o755);
    // A server with a small queue of half a megabyte. The queue belongs to the whole server, so no other test uses this
    // one.
    const server = await EmbeddedPostgres.start({ dataDir, settings: { max_notify_queue_pages: '64' } });
    const listener = new Client(server.url);
    const caller = new Client(server.url);
    try {
      const { probeUntil, outbox: sender, campaigns } = await serve({ database: server.url });
      await listener.connect();
      await caller.connect();
      await listener.query('listen something');
      await listener.query('begin');
      const full = await fillNotifications(caller);
      expect(full.code).toBe('54000');
      const { receipt } = await sender.send({ to: NUMBER, content: 'x' });
      expect(receipt?.accepted).toHaveLength(1);
      const { id } = await campaigns.create(campaignOf({ recipients: numbers(1) }));
      await campaigns.start(id);
      expect(
        await until(
          () => campaigns.getProgress(id),
          ({ accepted }) => accepted === 1,
        ),
      ).toMatchObject({ total: 1 });
      expect(await probeUntil(({ http }) => http === 200)).toEqual(up({ notificationQueueUsage: expect.any(Number) }));
      await listener.query('rollback');
      await listener.end();
      // The server frees the space when a session queries the usage.
      expect(await probeUntil(({ outbox }) => !('notificationQueueUsage' in outbox))).toEqual(up({}));
    } finally {
      await app?.close();
      app = undefined;
      await listener.end().catch(() => undefined);
      await caller.end();
      await server.close();
      rmSync(dataDir, { recursive: true });
    }
  }, 60_000);

  it('with the counts of its open recipients', async () => {
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

  it('with unknown and held recipients, of whole messages and parts', async () => {
    const timing = { ...TIMING, gracePeriodMs: 60_000 };
    const { probeUntil, outbox } = await serve({ timing });
    const ages = () => pool.query(`update ${schema}.chunk set changed_at = changed_at - interval '1 hour'`);
    sandbox.script([{ fault: 'cut-after-accepting' }, { fault: 'missing-items', count: 2 }]);
    await outbox.send({ to: [...numbers(4)], content: 'x' });
    await outbox.send({ to: [...numbers(5)], content: 'x' });
    const first = await probeUntil(({ outbox: { unknown } }) => unknown === 6);
    await ages();
    const second = await probeUntil(({ outbox: { held } }) => held === 6);
    expect(first).toEqual(up({ unknown: 6 }));
    expect(second).toEqual(up({ held: 6 }));
  });

  it('at exactly its limits', async () => {
    const limits = { backlog: 1, oldestPendingSeconds: 60, oldestPrioritySeconds: 60, held: 0 };
    const { probe, outbox } = await serve({ worker: false }, limits);
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    expect(await probe()).toEqual(up({ backlog: 1 }));
  });
});

describe('an outbox is down, with status 503 and advice,', () => {
  it('while the account is paused', async () => {
    const { probeUntil, outbox } = await serve();
    sandbox.script({ status: -10, reason: `no: ${ACCOUNT.apiKey} ${NUMBER}`, times: Infinity });
    await outbox.enqueue({ to: NUMBER, content: 'secret' });
    // A message that is used as a probe is not part of the backlog.
    const answer = await probeUntil(({ http, outbox: { backlog } }) => http === 503 && backlog === 1);
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
        message: 'The SMS account is paused; probes are sent from time to time',
        advice: 'Messages are kept. Fix the cause that pausedCode names, and sending resumes.',
      }),
    );
  });

  it('while a lane is paused, but not while its requests are only limited', async () => {
    const { probe, probeUntil } = await serve({ worker: false });
    const limit = (size: number) =>
      pool.query(
        `insert into ${schema}.lane_limit (account, lane, max_size, target_size, reason, probe_at)
          values ('${ACCOUNT.appId}', 'bulk', $1, 1000, 'no: ${ACCOUNT.apiKey} ${NUMBER}', clock_timestamp())
          on conflict (account, lane) do update set max_size = $1`,
        [size],
      );
    await limit(64);
    expect(await probe()).toEqual(up({ limitedLanes: 'bulk' }));
    await limit(0);
    expect(await probeUntil(({ http }) => http === 503)).toEqual(
      down({
        limitedLanes: 'bulk',
        code: 'OUTBOX_HEALTH_PAUSED',
        message: 'The gateway does not respond to requests of the lane bulk; probes are sent from time to time',
        advice: 'Messages are kept. Check whether the gateway can be reached and responds.',
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
        advice: 'Check whether workers are running, and whether they may send faster.',
      }),
    );
  });

  it('with more held recipients than its limit', async () => {
    const { probeUntil, outbox } = await serve({}, { held: 0 });
    sandbox.script({ fault: 'cut-after-accepting' });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    expect(await probeUntil(({ http }) => http === 503)).toEqual(
      down({
        held: 1,
        code: 'OUTBOX_HEALTH_LIMIT',
        message: 'Above the limit: held',
        advice: 'Decide about the messages on hold.',
      }),
    );
  });

  it('with more failed events than its limit', async () => {
    const { probeUntil, outbox } = await serve({ worker: false }, { failedEvents: 0 });
    await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendAt: new Date(Date.now() + 60_000) });
    await pool.query(
      `insert into ${schema}.event_delivery (account, handler, event_id, topic, recorded_at, dead_at)
        values ($1, 'x', 1, 'held', now(), now()), ($1, 'x', 2, 'held', now(), null)`,
      [ACCOUNT.appId],
    );
    expect(await probeUntil(({ http }) => http === 503)).toEqual(
      down({
        scheduled: 1,
        failedEvents: 1,
        code: 'OUTBOX_HEALTH_LIMIT',
        message: 'Above the limit: failedEvents',
        advice: 'Correct the event handlers, then retry the failed events with retryFailedEvents.',
      }),
    );
  });

  const silent = {
    http: 503,
    outbox: {
      status: 'down',
      code: 'OUTBOX_HEALTH_DATABASE',
      message: 'The database of the outbox did not respond',
      advice: 'Messages cannot be enqueued or sent until it does. Check the database and the network.',
    },
  };
  const failing = (failure: string, advice: string) => ({
    status: 'down',
    code: 'OUTBOX_HEALTH_REJECTED',
    message: 'The database of the outbox rejects statements that sending needs',
    failure,
    advice,
  });

  it('without its database', async () => {
    const line = await Line.to(database.url);
    const { probe } = await serve({ worker: false, database: line.url });
    await line.cut();
    expect(await probe()).toEqual(silent);
  });

  it('without a table of its schema', async () => {
    const { probe } = await serve({ worker: false });
    await pool.query(`alter table ${schema}.account rename to gone`);
    expect(await probe()).toEqual({
      http: 503,
      outbox: failing('OUTBOX_SCHEMA_MISSING', 'Run migrateOutbox, or restore the schema.'),
    });
  });

  it('while the server accepts no writes, and up again when it does', async () => {
    const name = new URL(database.url).pathname.slice(1);
    const { probe, probeUntil } = await serve({ worker: false });
    await pool.query(`alter database ${name} set default_transaction_read_only = on`);
    try {
      await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'nestjs-laaffic-outbox'`);
      const answer = await probeUntil(({ outbox }) => 'failure' in outbox);
      expect(answer).toEqual({
        http: 503,
        outbox: {
          ...EMPTY,
          ...failing(
            'OUTBOX_DATABASE_READ_ONLY',
            'Connect to the primary server, or make this one accept writes again (default_transaction_read_only).',
          ),
        },
      });
    } finally {
      await pool.query(
        `set default_transaction_read_only = off; alter database ${name} reset default_transaction_read_only`,
      );
    }
    await probeUntil(({ http }) => http === 200);
    expect(await probe()).toEqual(up({}));
  });

  it.each([
    ['insert on', 'chunk', false, true],
    ['insert on', 'caller_order_id', false, true],
    ['update on', 'account', true, true],
    // A process that only enqueues does not need it.
    ['update on', 'account', false, false],
  ])('without the right to %s %s, if worker is %s: %s', async (right, table, worker, isDown) => {
    const role = `health_${randomBytes(6).toString('hex')}`;
    await pool.query(`create role ${role} login password 'secret'`);
    try {
      await serve({ worker: false });
      await app?.close();
      await pool.query(`grant usage on schema ${schema} to ${role};
        grant select, insert, update, delete on all tables in schema ${schema} to ${role};
        revoke ${right} ${schema}.${table} from ${role}`);
      const url = new URL(database.url);
      [url.username, url.password] = [role, 'secret'];
      const { probe } = await serve({
        worker: worker ? { pollIntervalMs: 60_000 } : false,
        database: url.href,
        migrate: false,
      });
      expect(await probe()).toEqual(
        isDown
          ? {
              http: 503,
              outbox: {
                ...EMPTY,
                ...failing(
                  'OUTBOX_DATABASE_DENIED',
                  'Grant the role the missing rights: docs/operations.md, Roles. The log names the first rejected statement.',
                ),
              },
            }
          : up({}),
      );
    } finally {
      await app?.close();
      app = undefined;
      await pool.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('with a database that does not respond in time', async () => {
    const { probe } = await serve({ worker: false });
    const answer = await inTransaction(pool, async (locking) => {
      await locking.query(`lock table ${schema}.account`);
      return probe();
    });
    expect(answer).toMatchObject({ http: 503, outbox: { code: 'OUTBOX_HEALTH_DATABASE' } });
  });

  it('and runs one probe at a time on a silent database, and leaves no statement behind', async () => {
    const { app: served } = await serve({ worker: false });
    const probe = new DatabaseProbe(served.get(OutboxStore, { strict: false }), 300);
    const active = async () => {
      const { rows } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and state = 'active' and query like '%moment as materialized%'
          and pid <> pg_backend_pid()`,
      );
      return rows.length;
    };
    const seen: unknown[] = [];
    await inTransaction(pool, async (locking) => {
      await locking.query(`lock table ${schema}.account`);
      for (let round = 0; round < 3; round++) {
        const asked = [probe.ask(), probe.ask()];
        seen.push(...(await Promise.all(asked)).map((one) => one?.stats));
        expect(await active()).toBeLessThanOrEqual(1);
      }
      await until(async () => (await active()) === 0);
    });
    expect(seen).toEqual(Array.from({ length: 6 }, () => undefined));
    expect(await probe.ask()).toMatchObject({ stats: { backlog: 0 }, failure: undefined });
  });

  it('and does not queue for a connection twice if all are taken', async () => {
    const taken = new Pool({ connectionString: database.url, max: 1 });
    const { app: served } = await serve({ worker: false, database: taken });
    const probe = new DatabaseProbe(served.get(OutboxStore, { strict: false }), 100);
    const client = await taken.connect();
    const answers = [await probe.ask(), await probe.ask()];
    const waiting = taken.waitingCount;
    client.release();
    expect(answers).toEqual([undefined, undefined]);
    expect(waiting).toBe(1);
    expect(await probe.ask()).toMatchObject({ stats: { backlog: 0 } });
    await app?.close();
    app = undefined;
    await taken.end();
  });
});

/** @returns the error of the server when the queue is full. */
async function fillNotifications(client: Client): Promise<Error & { code?: string }> {
  for (let count = 0; count < 1_000; count++) {
    const error = await client.query(`select pg_notify('something', repeat('x', 7900))`).then(
      () => undefined,
      (cause: unknown) => cause as Error,
    );
    if (error !== undefined) return error;
  }
  throw new Error('the queue is never full');
}

describe('a health result', () => {
  it('is shared by callers at once or within a second, whatever their limits', async () => {
    const { app: served, outbox } = await serve({ worker: false });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    const read = jest.spyOn(StatsReader.prototype, 'read');
    let now = 1_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const indicator = served.get(OutboxHealthIndicator, { strict: false });
    const [one, other] = await Promise.all([indicator.isHealthy(), indicator.isHealthy('sms', { backlog: 0 })]);
    now += 999;
    await indicator.isHealthy();
    const within = read.mock.calls.length;
    now += 1;
    await indicator.isHealthy();
    expect(one.outbox.status).toBe('up');
    expect(other.sms.status).toBe('down');
    expect(within).toBe(1);
    expect(read.mock.calls).toHaveLength(2);
  });

  it('is fast with a large backlog', async () => {
    const { app: served, campaigns } = await serve({ worker: false });
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(1), sendAt: 'now' }));
    await pool.query(
      `insert into ${schema}.chunk (account, campaign_id, lane, state, first_position, size, numbers)
        select c.account, case when i % 2 = 0 then c.campaign_id end, c.lane,
          case when i % 20 = 0 then 'pending' else 'completed' end::${schema}.chunk_state, i * 1000, 1000, c.numbers
        from ${schema}.chunk c, generate_series(1, 20000) i where c.campaign_id = $1`,
      [id],
    );
    const { account, database: own, seals } = served.get(OutboxStore, { strict: false });
    const reader = new StatsReader(account, own, seals);
    const stats = await reader.read();
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      await reader.read();
      times.push(performance.now() - began);
    }
    expect(stats.backlog).toBe(1_000_001);
    expect(Math.min(...times)).toBeLessThan(20);
  });

  it.each([
    [{ held: NaN }, ['limits.held must be a number of at least 0']],
    [
      { held: -1, backlog: '5', oldest: 3 },
      [
        'limits.backlog must be a number of at least 0',
        'limits.held must be a number of at least 0',
        'limits.oldest is not an option; known options: backlog, oldestPendingSeconds, oldestPrioritySeconds, held, failedEvents',
      ],
    ],
  ])('rejects the limits %j and names each wrong one', async (limits, problems) => {
    const { app: served } = await serve({ worker: false });
    const indicator = served.get(OutboxHealthIndicator, { strict: false });
    await expect(indicator.isHealthy('outbox', limits as OutboxHealthLimits)).rejects.toMatchObject({
      code: 'OUTBOX_INVALID_OPTIONS',
      problems,
    });
  });
});
