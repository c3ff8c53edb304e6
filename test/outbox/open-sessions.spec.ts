import { migrateOutbox, type LaafficOutboxOptions, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { Client } from 'pg';
import { withFunctions } from './functions.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(60_000);

/** Nothing in these tests ends by a time-out of the outbox. */
const PATIENT = { ...SHORT, startWithinMs: 20_000, timeoutMs: 20_000, leaseMs: 60_000 };
const BULK = { lane: 'bulk' } as const;
const [OTHER = '', CODE = ''] = numbers(2, 50);

describe('an open session of the app', () => {
  let stage: Stage;
  let session: Client;

  beforeAll(async () => {
    stage = await Stage.set();
    await migrateOutbox(stage.pool);
  }, 60_000);
  beforeEach(async () => {
    await stage.clear();
    session = new Client({ connectionString: stage.database.url });
    session.on('error', () => undefined);
    await session.connect();
  });
  afterEach(async () => {
    await session.end();
    await stage.stop();
  });
  afterAll(() => stage.close());

  const start = async (options: Partial<LaafficOutboxOptions> = {}) =>
    (await stage.app({ timing: PATIENT, ...options })).outbox;

  /** Enqueues in a transaction that does not end. */
  async function enqueueInOpenTransaction(outbox: SmsOutbox): Promise<void> {
    await session.query('begin');
    await outbox.enqueue({ to: numbers(1), content: 'open' }, { transaction: session });
  }

  it.each(['priority', 'bulk'] as const)('does not hold up the lane %s under a rate', async (lane) => {
    const outbox = await start({ rate: { recipientsPerSecond: 1_000, requestsPerSecond: 100 } });
    await enqueueInOpenTransaction(outbox);
    const { receipt } = await outbox.send({ to: OTHER, content: 'x' }, { lane, timeoutMs: 20_000 });
    expect(receipt?.accepted).toHaveLength(1);
  });

  it.each([
    ['a single recipient', 1],
    ['a list', 3],
  ])('that commits late gets its message to %s sent, although younger ones were claimed before', async (_, count) => {
    const outbox = await start();
    await session.query('begin');
    await outbox.enqueue({ to: numbers(count), content: 'late' }, { transaction: session });
    for (let i = 0; i < 5; i++) await outbox.send({ to: numbers(count, 100 + 10 * i), content: 'younger' });
    await session.query('commit');
    await until(
      () => stage.sandbox.messages.filter(({ content }) => content === 'late').length,
      (sent) => sent === count,
      5_000,
    );
  });

  it('does not keep the account from being paused, probed and resumed', async () => {
    const outbox = await start();
    await enqueueInOpenTransaction(outbox);
    stage.sandbox.script({ status: -10 });
    const sending = outbox.send({ to: OTHER, content: 'x' }, { timeoutMs: 20_000 });
    await until(
      () => stage.account(),
      (account) => account?.['paused'] === true,
    );
    await until(
      () => stage.query(`select from chunk where state = 'sending'`),
      (sending) => sending.length === 0,
    );
    await stage.query(`with due as (update chunk set due_at = clock_timestamp() where state = 'pending')
      update account set probe_at = clock_timestamp()`);
    expect((await sending).receipt?.accepted).toHaveLength(1);
    await until(
      () => stage.account(),
      (account) => account?.['paused'] === false,
    );
  });

  it('does not hold up a campaign that a rate splits', async () => {
    const { app, outbox } = await stage.app({ timing: PATIENT, rate: { recipientsPerSecond: 500 } });
    await enqueueInOpenTransaction(outbox);
    const { id } = await outbox.enqueue({ to: numbers(100, 1_000), content: 'x' }, BULK);
    await until(
      () => stage.sums(),
      (sums) => sums?.['accepted'] === 100,
      30_000,
    );
    expect((await outbox.find(id))?.recipients).toHaveLength(100);
    await stage.stop(app);
  });

  describe('during a claim that waits for a lock until its worker has given up', () => {
    const claim = withFunctions(
      `select * from laaffic_outbox.claim_chunks('4luaKsL2', 'gone', 'priority', 20, null, null, 0.06, 0.2, 1000, 300)`,
    );

    it('changes nothing, so no unsent message becomes unknown', async () => {
      const web = await start({ worker: false });
      await web.enqueue({ to: CODE, content: 'x' });
      await session.query('begin');
      await session.query('lock table laaffic_outbox.chunk in access exclusive mode');
      const worker = new Client({ connectionString: stage.database.url, query_timeout: 50 });
      worker.on('error', () => undefined);
      await worker.connect();
      await expect(worker.query(claim)).rejects.toThrow('timeout');
      const waiting = `select extract(epoch from clock_timestamp() - query_start)::float8 as age from pg_stat_activity where datname = current_database() and query like '%''gone''%'
        and pid <> pg_backend_pid() and state = 'active'`;
      // Longer than the 300 ms that the worker waits. The statement may have ended by itself before.
      await until(
        () => stage.query<{ age: number }>(waiting),
        ([statement]) => statement === undefined || statement.age > 0.4,
      );
      await session.query('rollback');
      await until(
        () => stage.query(waiting),
        (rows) => rows.length === 0,
      );
      await worker.end();
      expect(await stage.query('select state::text, attempt from chunk')).toEqual([{ state: 'pending', attempt: 0 }]);
      expect(await stage.query(`select from history where event = 'sending'`)).toEqual([]);
    });
  });
});
