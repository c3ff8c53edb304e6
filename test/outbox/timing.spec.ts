import { setImmediate } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import {
  LaafficOutboxModule,
  migrateOutbox,
  OutboxError,
  SmsCampaigns,
  SmsOutbox,
  type LaafficOutboxOptions,
} from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { ProcessClock } from '../../libs/laaffic-outbox/src/runtime/clock.js';
import { ACCOUNT } from '../module/account.js';
import { inTransaction } from './in-transaction.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

/** Short enough for a lease to end within a test. */
const QUICK = { ...SHORT, startWithinMs: 300, timeoutMs: 300, leaseMs: 700, gracePeriodMs: 400 };
/** A request may take longer than the maintenance needs to give up its worker, after the test has moved the lease. */
const SLOW = { ...SHORT, startWithinMs: 4_000, timeoutMs: 15_000, leaseMs: 19_500 };
const COMMAND = { to: '918563210001', content: 'hello' };

/** An app that does not log its failures. */
function boot(sandbox: LaafficSandbox, options: LaafficOutboxOptions, account = ACCOUNT) {
  @Module({
    imports: [
      LaafficModule.forRoot({ ...account, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot(options),
    ],
  })
  class App {}
  return NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
}

describe('when something breaks', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
    await migrateOutbox(stage.pool);
  });
  beforeEach(() => stage.clear());
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  const states = async (outbox: SmsOutbox, id: string) => (await outbox.find(id))?.recipients.map(({ state }) => state);
  const becomes = (outbox: SmsOutbox, id: string, state: string) =>
    until(
      () => states(outbox, id),
      (seen) => seen?.every((one) => one === state) === true,
    );

  /** A pool that can be told to fail statements with a certain word in their text. */
  function brittlePool() {
    const pool = new Pool({ connectionString: stage.database.url });
    const real = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    const control = { word: undefined as string | undefined, isAnswerLost: false, failed: 0, most: Infinity };
    const query = async (...args: unknown[]) => {
      const isHit = control.word !== undefined && String(args[0]).includes(control.word);
      if (!isHit) return real(...args);
      control.failed += 1;
      if (control.failed >= control.most) control.word = undefined;
      if (control.isAnswerLost) await real(...args);
      throw new Error('Connection terminated unexpectedly');
    };
    return { pool: Object.assign(pool, { query }), control };
  }

  it.each([
    ['never reached the database', false],
    ['was stored without a confirmation', true],
  ])('an outcome that %s is stored once, and no recipient is sent to twice', async (_, isAnswerLost) => {
    const { pool, control } = brittlePool();
    const { outbox, app } = await stage.app({ database: pool, timing: { ...SHORT, leaseMs: 20_000 } });
    Object.assign(control, { word: 'store_results_', isAnswerLost, most: isAnswerLost ? 1 : Infinity });
    const { id } = await outbox.enqueue({ ...COMMAND, to: numbers(3) });
    await until(
      () => control.failed,
      (count) => count >= (isAnswerLost ? 1 : 3),
    );
    if (!isAnswerLost) expect(await states(outbox, id)).toEqual(numbers(3).map(() => 'sending'));
    control.word = undefined;
    await becomes(outbox, id, 'accepted');
    await stage.stop(app);
    expect(await stage.events(id)).toEqual([...['pending', 'sending', 'completed']]);
    expect(stage.sandbox.messages).toHaveLength(3);
    expect(await stage.sums()).toEqual({ n: 3, accepted: 3, rejected: 0, unknown: 0 });
    await pool.end();
  });

  it('a pause that cannot be stored does not lose the message', async () => {
    const { pool, control } = brittlePool();
    const { outbox, app } = await stage.app({ database: pool });
    control.word = 'record_account_rejection_';
    stage.sandbox.script({ status: -10, times: 3 });
    const { id } = await outbox.enqueue(COMMAND);
    await becomes(outbox, id, 'accepted');
    expect(control.failed).toBe(3);
    await stage.stop(app);
    await pool.end();
  });

  it('connections that are cut again and again lose and double nothing', async () => {
    const { outbox } = await stage.app({ timing: { ...SHORT, leaseMs: 30_000 } });
    stage.sandbox.script({ responseDelayMs: 30, times: Infinity });
    const sent = await Promise.all(numbers(60).map((to) => outbox.enqueue({ to, content: 'hello' })));
    expect(sent).toHaveLength(60);
    for (let round = 1; round <= 3; round++) {
      await until(
        () => stage.sandbox.messages.length,
        (count) => count >= round * 10,
      );
      await stage.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'nestjs-laaffic-outbox'`);
    }
    // A claim whose result was lost belongs to no worker until its lease ends.
    const age = () =>
      stage.query(`update chunk set changed_at = changed_at - interval '1 minute'
        where state = 'sending' and changed_at < clock_timestamp() - interval '2 seconds'`);
    const open = () => stage.query(`select from chunk where state in ('pending', 'sending', 'unknown')`);
    await until(
      async () => {
        await age();
        return open();
      },
      (rows) => rows.length === 0,
    );
    const taken = stage.sandbox.messages.map(({ number }) => number);
    expect(new Set(taken).size).toBe(taken.length);
    const accepted = await stage.query<{ number: string }>(
      `select numbers as number from chunk where state = 'completed'`,
    );
    expect(taken).toEqual(expect.arrayContaining(accepted.map(({ number }) => number)));
    const sums = await stage.sums();
    expect(sums?.['n']).toBe(60);
    expect((sums?.['accepted'] ?? 0) + (sums?.['unknown'] ?? 0)).toBe(60);
  });

  it('a claim whose result is lost is unknown after the lease, then held, and never sent', async () => {
    const { pool, control } = brittlePool();
    const { outbox, app } = await stage.app({ database: pool, timing: QUICK });
    Object.assign(control, { word: 'claim_chunks_', isAnswerLost: true });
    const { id } = await outbox.enqueue(COMMAND);
    await until(
      () => stage.events(id),
      (events) => events.length === 2,
    );
    control.word = undefined;
    await becomes(outbox, id, 'held');
    expect(await stage.events(id)).toEqual(['pending', 'sending', 'unknown OUTBOX_WORKER_LOST', 'held']);
    expect(stage.sandbox.requests).toEqual([]);
    await stage.stop(app);
    await pool.end();
  });

  it('the outcome of a claim is decided once by two maintenance tasks', async () => {
    await Promise.all([1, 2, 3].map(() => stage.app({ timing: QUICK })));
    await stage.query(`insert into chunk (account, lane, state, attempt, size, numbers, content, changed_at)
      select '4luaKsL2', 'priority', 'sending', 1, 1, (918563000000 + i)::text, 'x', clock_timestamp() - interval '1 hour'
      from generate_series(1, 500) i`);
    await until(
      () => stage.query(`select state::text, count(*)::int from chunk group by state`),
      (rows) => JSON.stringify(rows) === '[{"state":"held","count":500}]',
    );
    expect(
      await stage.query(
        `select event, count(*)::int, count(distinct chunk_id)::int as chunks from history group by event order by event`,
      ),
    ).toEqual(['held', 'unknown'].map((event) => ({ event, count: 500, chunks: 500 })));
    expect(stage.sandbox.requests).toEqual([]);
  });

  it.each(['monotonic', 'wall'] as const)(
    'a process whose %s clock jumped since the claim sends nothing, and releases the message',
    async (which) => {
      const jumps = { left: 0, by: 0 };
      const { outbox, app } = await stage.app({ timing: SLOW });
      const clock = app.get(ProcessClock, { strict: false });
      const real = clock[which].bind(clock);
      clock[which] = () => real() + jumps.by;
      const start = clock.start.bind(clock);
      clock.start = () => {
        const stopwatch = start();
        return {
          isWithin: (milliseconds) => {
            if (jumps.left > 0) {
              jumps.left -= 1;
              jumps.by += 10_000;
            }
            return stopwatch.isWithin(milliseconds);
          },
        };
      };
      // Afterwards every claim started with the jumping clock.
      await outbox.send({ to: numbers(1), content: 'first' });
      jumps.left = 2;
      const { receipt, id } = await outbox.send(COMMAND);
      expect(receipt?.accepted).toHaveLength(1);
      expect(await stage.events(id)).toEqual([
        'pending',
        ...[
          'sending',
          'released LAAFFIC_SEND_PREVENTED',
          'sending',
          'released LAAFFIC_SEND_PREVENTED',
          'sending',
          'completed',
        ],
      ]);
      expect(stage.sandbox.requests).toHaveLength(2);
      expect((await stage.account())?.['slow']).toBeNull();
    },
  );

  it.each([
    ['completed', {}, 'completed', { n: 2, accepted: 2, rejected: 0, unknown: 0 }],
    ['rejected', { status: -6 }, 'rejected LAAFFIC_NOT_A_TEMPLATE', { n: 2, accepted: 0, rejected: 2, unknown: 0 }],
  ] as const)('a response after the lease still counts: %s', async (_, step, event, sums) => {
    const line = await stage.lineToGateway();
    const { outbox } = await stage.app({ timing: { ...SLOW, gracePeriodMs: 60_000 } }, { url: line.url });
    stage.sandbox.configure({ quirks: { failArray: 'never' } });
    stage.sandbox.script(step);
    line.hold();
    const { id } = await outbox.enqueue({ ...COMMAND, to: numbers(2) });
    await until(
      () => stage.sandbox.requests.length,
      (count) => count === 1,
    );
    await stage.query(`update chunk set changed_at = changed_at - interval '1 minute'`);
    await until(
      () => stage.events(id),
      (events) => events.at(-1) === 'unknown OUTBOX_WORKER_LOST',
    );
    line.release();
    await until(
      () => stage.events(id),
      (events) => events.at(-1) === event,
    );
    expect(await stage.events(id)).toEqual(['pending', 'sending', 'unknown OUTBOX_WORKER_LOST', event]);
    expect(await stage.sums()).toEqual(sums);
  });

  it.each([
    ['rejected', { status: -6 }, { n: 2, accepted: 0, rejected: 2, unknown: 0 }, 'rejected'],
    ['released', { status: -15 }, { n: 2, accepted: 0, rejected: 0, unknown: 0 }, 'pending'],
  ] as const)('a response for a message on hold leaves nothing unknown: %s', async (_, step, sums, state) => {
    const line = await stage.lineToGateway();
    const { outbox } = await stage.app({ timing: SLOW }, { url: line.url });
    stage.sandbox.configure({ quirks: { failArray: 'never' } });
    // Until the retried chunk is reached too.
    stage.sandbox.script({ ...step, times: 20 });
    line.hold();
    const { id } = await outbox.enqueue({ ...COMMAND, to: numbers(2) });
    await until(
      () => stage.sandbox.requests.length,
      (count) => count === 1,
    );
    await stage.query(`update chunk set changed_at = changed_at - interval '1 minute'`);
    await becomes(outbox, id, 'held');
    line.release();
    await becomes(outbox, id, state);
    expect(await stage.sums()).toEqual(sums);
    const held: unknown[] = [];
    for await (const one of outbox.listHeld()) held.push(one);
    expect(held).toEqual([]);
  });

  it.each([
    ['an acceptance', {}, 'late response'],
    ['a rejection', { status: -6 }, 'late rejection LAAFFIC_NOT_A_TEMPLATE'],
    ['a limit', { status: -15 }, 'late release LAAFFIC_TOO_FREQUENT'],
    ['a rejection of some number', { status: -9 }, 'late split LAAFFIC_ABNORMAL_NUMBER'],
  ] as const)('%s after another decision is only recorded', async (_, step, event) => {
    const line = await stage.lineToGateway();
    const { outbox } = await stage.app({ timing: { ...SLOW, gracePeriodMs: 60_000 } }, { url: line.url });
    stage.sandbox.configure({ quirks: { failArray: 'never' } });
    stage.sandbox.script(step);
    line.hold();
    const { id } = await outbox.enqueue({ ...COMMAND, to: numbers(2) });
    await until(
      () => stage.sandbox.requests.length,
      (count) => count === 1,
    );
    await stage.query(`update chunk set state = 'held', held = size, unknown = 0 where id = $1`, [id]);
    expect(await outbox.resolveHeld(id, 'sent', { actor: 'a person' })).toBe(2);
    line.release();
    await until(
      () => stage.events(id),
      (events) => events.at(-1) === event,
    );
    expect(await states(outbox, id)).toEqual(['accepted', 'accepted']);
    expect(await stage.sums()).toEqual({ n: 2, accepted: 2, rejected: 0, unknown: 0 });
  });

  it('a limit of its number does not reject a message that was released for other reasons before', async () => {
    const { outbox } = await stage.app({ timing: SLOW });
    stage.sandbox.configure({ quirks: { failArray: 'never' } });
    stage.sandbox.script([{ status: -10, times: 9 }, { status: -28 }]);
    const { id } = await outbox.enqueue(COMMAND);
    await until(
      async () => {
        await stage.query('update account set probe_at = clock_timestamp() where probe_at is not null');
        await stage.query(`update chunk set due_at = clock_timestamp() where state = 'pending'`);
        return states(outbox, id);
      },
      (seen) => seen?.[0] === 'accepted',
    );
    expect((await stage.events(id)).filter((event) => event.startsWith('released'))).toEqual([
      ...Array.from({ length: 9 }, () => 'released LAAFFIC_INSUFFICIENT_BALANCE'),
      'released LAAFFIC_NUMBER_LIMIT',
    ]);
    expect(await stage.query('select number_retries, attempt from chunk')).toEqual([
      { number_retries: 1, attempt: 11 },
    ]);
  });

  it('a message whose claim took longer than it may still be sent is not sent', async () => {
    const { pool } = brittlePool();
    const real = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    const query = async (...args: unknown[]) => {
      const answer = (await real(...args)) as { rows: { chunk_id?: string | null; expires_in_ms?: number | null }[] };
      const expiring = answer.rows.find(({ chunk_id: id, expires_in_ms: ms }) => typeof id === 'string' && ms != null);
      // The response of the database is held until the time of the message is over.
      const over = performance.now() + (expiring?.expires_in_ms ?? 0);
      if (expiring !== undefined)
        await until(
          () => performance.now(),
          (now) => now > over,
        );
      return answer;
    };
    const { outbox, app } = await stage.app({ database: Object.assign(pool, { query }), timing: SLOW });
    const { receipt } = await outbox.send(COMMAND, { sendBefore: new Date(Date.now() + 400) });
    expect(receipt?.rejected.map(({ code }) => code)).toEqual(['OUTBOX_EXPIRED']);
    expect(stage.sandbox.requests).toEqual([]);
    await stage.stop(app);
    await pool.end();
  });

  describe('a campaign that is over', () => {
    /** One chunk is held, and the campaign has been done for two hours, when the response to its request arrives. */
    async function answeredLate(change: (campaigns: SmsCampaigns, id: string) => Promise<void>) {
      const { app, outbox } = await stage.app({
        timing: { ...SLOW, timeoutMs: 4_000, startWithinMs: 1_000, leaseMs: 20_000 },
      });
      const campaigns = app.get(SmsCampaigns);
      stage.sandbox.script({ status: -15, responseDelayMs: 2_000 });
      const { id } = await campaigns.create({ name: 'sale', content: 'x', recipients: numbers(2) });
      await campaigns.start(id);
      await until(
        () => stage.sandbox.requests.length,
        (count) => count === 1,
      );
      await stage.query(`update chunk set state = 'held', held = size, unknown = 0`);
      await change(campaigns, id);
      await until(
        () => stage.query<{ over: boolean }>('select done_at is not null as over from campaign'),
        ([campaign]) => campaign?.over === true,
      );
      await stage.query(`update campaign set done_at = done_at - interval '2 hours'`);
      const ended = (state: string) =>
        until(
          () =>
            stage.query<{ state: string }>(
              "select state::text from campaign where done_at > now() - interval '1 hour'",
            ),
          ([campaign]) => campaign?.state === state,
        );
      return { outbox, campaigns, id, ended };
    }
    const statesOf = async (campaigns: SmsCampaigns, id: string) => {
      const found: string[] = [];
      for await (const { state } of campaigns.listResults(id)) found.push(state);
      return found;
    };

    it('runs again when a request turns out not to have been sent, and ends when that is sent', async () => {
      const { campaigns, id, ended } = await answeredLate(() => Promise.resolve());
      await ended('done');
      expect(await statesOf(campaigns, id)).toEqual(['accepted', 'accepted']);
    });

    it('stays cancelled, and is never sent', async () => {
      const { campaigns, id, ended } = await answeredLate((them, one) => them.cancel(one));
      await ended('cancelled');
      expect(await statesOf(campaigns, id)).toEqual(['cancelled', 'cancelled']);
      expect(stage.sandbox.requests).toHaveLength(1);
    });
  });

  it('a process that shuts down waits for requests in flight, and claims nothing new', async () => {
    const line = await stage.lineToGateway();
    const { outbox, app } = await stage.app({ worker: { pollIntervalMs: 150, prioritySlots: 3 } }, { url: line.url });
    const { outbox: web } = await stage.app({ worker: false });
    line.hold();
    await Promise.all(numbers(5).map((to) => outbox.enqueue({ to, content: 'hello' })));
    await until(
      () => stage.sandbox.requests.length,
      (count) => count === 3,
    );
    const stopped = stage.stop(app);
    // Everything that does not wait for the responses has stopped.
    for (let turns = 0; turns < 20; turns++) await setImmediate();
    line.release();
    await stopped;
    expect(stage.sandbox.requests).toHaveLength(3);
    expect(
      await stage.query('select state::text, count(*)::int from chunk group by state order by state::text'),
    ).toEqual([
      { state: 'completed', count: 3 },
      { state: 'pending', count: 2 },
    ]);
    await web.enqueue({ to: numbers(1, 10), content: 'later' });
    const { outbox: next } = await stage.app();
    const late = await next.send({ to: numbers(1, 11), content: 'last' });
    expect(late.receipt?.accepted).toHaveLength(1);
    await until(
      () => stage.sandbox.messages.length,
      (count) => count === 7,
    );
  });

  it('callers use as many connections as they may, and one connection listens', async () => {
    const { outbox } = await stage.app({ worker: false, connections: 3 });
    const enqueuing = await inTransaction(stage.pool, async (other) => {
      await other.query('lock table laaffic_outbox.chunk in access exclusive mode');
      const calls = Promise.all(numbers(10).map((to) => outbox.enqueue({ to, content: 'hello' })));
      const connections = () =>
        stage.query(`select wait_event_type as waits, count(*)::int from pg_stat_activity
          where datname = current_database() and application_name like 'nestjs%' group by 1 order by 1 desc`);
      // The one that listens waits for nothing while it responds.
      const expected = JSON.stringify([
        { waits: 'Lock', count: 2 },
        { waits: 'Client', count: 1 },
      ]);
      await until(connections, (rows) => JSON.stringify(rows) === expected);
      return { calls };
    });
    expect((await enqueuing.calls).map(({ isNew }) => isNew)).toEqual(numbers(10).map(() => true));
  });

  it('a process with nothing to do shuts down at once, even right after its start', async () => {
    for (let i = 0; i < 3; i++) await stage.stop((await stage.app({ worker: { pollIntervalMs: 600_000 } })).app);
    const connections = await until(
      () =>
        stage.query(
          `select from pg_stat_activity where datname = current_database() and application_name like 'nestjs%'`,
        ),
      (rows) => rows.length === 0,
    );
    expect(connections).toEqual([]);
  });
});

describe('the schema', () => {
  let stage: Stage;
  let sandbox: LaafficSandbox;
  let database: string;

  beforeAll(async () => {
    stage = await Stage.set();
    ({ sandbox } = stage);
    database = stage.database.url;
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  it('is created once by ten instances that start at once on an empty database', async () => {
    const apps = await Promise.all(Array.from({ length: 10 }, () => stage.app()));
    expect(await stage.query('select version from migration')).toEqual([{ version: expect.any(Number) }]);
    expect(await stage.query('select id from account')).toEqual([{ id: '4luaKsL2' }]);
    expect(await stage.query('select from installation')).toHaveLength(1);
    const receipts = await Promise.all(apps.map(({ outbox }, i) => outbox.send({ to: numbers(1, i), content: 'x' })));
    expect(receipts.map(({ receipt }) => receipt?.accepted.length)).toEqual(apps.map(() => 1));
    expect(sandbox.messages.map(({ number }) => number).sort()).toEqual(numbers(10));
  });

  it('must exist if it is not to be migrated', async () => {
    const failed = expect(boot(sandbox, { database, schema: 'missing', migrate: false })).rejects;
    await failed.toMatchObject({
      name: 'OutboxError',
      code: 'OUTBOX_SCHEMA_MISSING',
      message: expect.stringContaining('migrateOutbox'),
    });
    expect(await stage.query(`select to_regnamespace('missing')::text as found`)).toEqual([{ found: null }]);
    await migrateOutbox(stage.pool, 'missing');
    const { outbox } = await stage.app({ schema: 'missing', migrate: false });
    expect((await outbox.send(COMMAND)).receipt?.accepted).toHaveLength(1);
  });

  it.each([true, false])(
    'with a breaking version of a newer release is left alone, with migrate: %p',
    async (migrate) => {
      const schema = `newer_${migrate}`;
      await migrateOutbox(stage.pool, schema);
      await stage.query(`insert into migration (version, name, is_breaking) values (99, 'later', true)`, [], schema);
      await expect(boot(sandbox, { database, schema, migrate })).rejects.toMatchObject({
        code: 'OUTBOX_SCHEMA_TOO_NEW',
      });
      await expect(migrateOutbox(stage.pool, schema)).rejects.toBeInstanceOf(OutboxError);
      expect(await stage.query('select max(version)::int as version from migration', [], schema)).toEqual([
        { version: 99 },
      ]);
    },
  );

  it('with another name is another outbox, and nothing outside it changes', async () => {
    const tables = () =>
      stage.query(`select schemaname::text || '.' || tablename as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema') order by 1`);
    const before = await tables();
    const { outbox } = await stage.app({ schema: 'other_1' });
    const key = { idempotencyKey: 'same' };
    const { outbox: first } = await stage.app();
    const sent = [await outbox.send(COMMAND, key), await first.send(COMMAND, key)];
    expect(sent.map(({ isNew }) => isNew)).toEqual([true, true]);
    const prefixes = sent.map(({ receipt }) => receipt?.accepted[0]?.orderId.split('.')[0]);
    expect(new Set(prefixes).size).toBe(2);
    const added = (await tables()).filter(({ name }) => !before.some((one) => one['name'] === name));
    expect(added.length).toBeGreaterThan(5);
    expect(added.filter(({ name }) => !String(name).startsWith('other_1.'))).toEqual([]);
  });

  it('holds two accounts that do not see each other', async () => {
    const second = await LaafficSandbox.start({ appId: 'second12' });
    const [{ outbox: one }, pool] = [await stage.app(), new Pool({ connectionString: stage.database.url })];
    const app = await boot(second, { database: pool, timing: SHORT }, { ...ACCOUNT, appId: 'second12' });
    const two = app.get(SmsOutbox);
    sandbox.reset();
    const key = { idempotencyKey: 'mine' };
    const sent = [
      await one.send({ to: numbers(1), content: 'x' }, key),
      await two.send({ to: numbers(1, 1), content: 'x' }, key),
    ];
    expect(sent.map(({ isNew, receipt }) => [isNew, receipt?.accepted[0]?.number])).toEqual([
      [true, numbers(1)[0]],
      [true, numbers(1, 1)[0]],
    ]);
    expect([sandbox, second].map(({ messages }) => messages.map(({ number }) => number))).toEqual([
      numbers(1),
      numbers(1, 1),
    ]);
    expect(await two.find(sent[0]?.id ?? '')).toBeUndefined();
    expect(await two.cancel(sent[0]?.id ?? '')).toBe(false);
    await app.close();
    // The app's own pool stays open.
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
    await second.close();
  });
});
