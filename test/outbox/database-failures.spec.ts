import { inspect } from 'node:util';
import { migrateOutbox, OutboxError, SmsCampaigns, SmsOutbox } from 'nestjs-laaffic-outbox';
import { failureOf } from '../module/account.js';
import { campaignOf, readAll } from './campaigns.js';
import { inTransaction } from './in-transaction.js';
import { Line } from './line.js';
import { numbers, Stage } from './stage.js';
import { until } from '../until.js';

const SMS = { to: numbers(1), content: 'x' };
const BY = { actor: 'a person' };

describe('a failure of the database', () => {
  let stage: Stage;
  const lines: Line[] = [];

  beforeAll(async () => {
    stage = await Stage.set();
    await migrateOutbox(stage.pool);
  });
  beforeEach(() => stage.clear());
  afterEach(async () => {
    await stage.stop();
    await Promise.all(lines.splice(0).map((line) => line.cut()));
  });
  afterAll(() => stage.close());

  /** A process that sends nothing, with its own connection proxy. */
  async function start() {
    const line = await Line.to(stage.database.url);
    lines.push(line);
    const { app, outbox } = await stage.app({ database: line.url, worker: false });
    return { line, outbox, campaigns: app.get(SmsCampaigns) };
  }

  const databaseName = () => new URL(stage.database.url).pathname.slice(1);
  /** Ends the idle sessions of the processes under test. New sessions would be in the same situation. */
  const endSessions = () =>
    stage.query(`select pg_terminate_backend(pid, 60000) from pg_stat_activity
      where datname = current_database() and application_name = 'nestjs-laaffic-outbox'`);

  const calls: [string, (outbox: SmsOutbox, campaigns: SmsCampaigns) => Promise<unknown>][] = [
    ['enqueue', (outbox) => outbox.enqueue(SMS)],
    ['send', (outbox) => outbox.send(SMS)],
    ['find', (outbox) => outbox.find('1')],
    ['findByOrderId', (outbox) => outbox.findByOrderId('mine')],
    ['cancel', (outbox) => outbox.cancel('1')],
    ['listHeld', (outbox) => readAll(outbox.listHeld())],
    ['resolveHeld', (outbox) => outbox.resolveHeld('1', 'sent', BY)],
    ['resumeAccount', (outbox) => outbox.resumeAccount('a person')],
    ['campaigns.start', (_, campaigns) => campaigns.start('1')],
    ['campaigns.cancel', (_, campaigns) => campaigns.cancel('1')],
    ['campaigns.find', (_, campaigns) => campaigns.find('1')],
    ['campaigns.list', (_, campaigns) => campaigns.list()],
    ['campaigns.getProgress', (_, campaigns) => campaigns.getProgress('1')],
    ['campaigns.listResults', (_, campaigns) => readAll(campaigns.listResults('1'))],
    ['campaigns.resolveHeld', (_, campaigns) => campaigns.resolveHeld('1', 'sent', BY)],
    ['campaigns.retryRejected', (_, campaigns) => campaigns.retryRejected('1', BY)],
    ['campaigns.create', (_, campaigns) => campaigns.create(campaignOf({ idempotencyKey: 'a key' }))],
  ];
  const failureIn = (error: unknown) => {
    expect(error).toBeInstanceOf(OutboxError);
    const { code, outcome, message, cause } = error as OutboxError;
    return { code, outcome, message, cause: (cause as { code?: string }).code };
  };

  it.each(calls)('makes %s report that the database was not reached', async (_, call) => {
    const { line, outbox, campaigns } = await start();
    await line.cut();
    const error = await failureOf(call(outbox, campaigns));
    expect(failureIn(error)).toEqual({
      code: 'OUTBOX_DATABASE_UNAVAILABLE',
      outcome: 'rejected',
      message:
        'The database of the outbox cannot be reached (ECONNREFUSED), so the statement did not run: ' +
        'the call may be retried',
      cause: 'ECONNREFUSED',
    });
    const { password } = new URL(stage.database.url);
    expect(password).not.toBe('');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(password);
  });

  it.each(calls)('makes %s report that it was rejected and nothing was stored', async (_, call) => {
    const { outbox, campaigns } = await start();
    await stage.query('alter schema laaffic_outbox rename to gone', [], 'pg_catalog');
    try {
      expect(failureIn(await failureOf(call(outbox, campaigns)))).toEqual({
        code: 'OUTBOX_SCHEMA_MISSING',
        outcome: 'rejected',
        message: expect.stringMatching(
          /^The database of the outbox lacks a table or function of this release \((42P01|3F000)\), and the statement stored nothing: the call fails until migrateOutbox has run$/,
        ),
        cause: expect.any(String),
      });
    } finally {
      await stage.query('alter schema gone rename to laaffic_outbox', [], 'pg_catalog');
    }
  });

  it('leaves a commit with a lost response unknown, and the same key finds out', async () => {
    const { line, outbox } = await start();
    line.loseAnswerTo('insert into');
    const key = { idempotencyKey: 'lost' };
    expect(failureIn(await failureOf(outbox.enqueue(SMS, key)))).toEqual({
      code: 'OUTBOX_DATABASE_UNAVAILABLE',
      outcome: 'unknown',
      message:
        'The database of the outbox did not respond to a statement, and it is unknown whether anything was stored: ' +
        'retry the call with the same idempotency key',
      cause: undefined,
    });
    const [stored] = await stage.query<{ id: string }>('select id::text as id from chunk');
    expect(await outbox.enqueue(SMS, key)).toEqual({ id: stored?.id, isNew: false });
  });

  it('is unknown if the server ended the session', async () => {
    const { outbox } = await start();
    await inTransaction(stage.pool, async (other) => {
      await other.query('lock table laaffic_outbox.chunk in access exclusive mode');
      const failing = failureOf(outbox.enqueue(SMS));
      await until(
        () =>
          stage.query(`select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`),
        (rows) => rows.length > 0,
      );
      expect(failureIn(await failing)).toMatchObject({
        message: expect.stringContaining('did not respond to a statement (57P01), and it is unknown'),
        cause: '57P01',
      });
    });
    expect((await outbox.enqueue(SMS)).isNew).toBe(true);
  });

  it.each([
    ['40P01', 'OUTBOX_DATABASE_UNAVAILABLE'],
    ['53100', 'OUTBOX_DATABASE_FULL'],
    ['42501', 'OUTBOX_DATABASE_DENIED'],
    ['22P05', 'OUTBOX_DATABASE_ENCODING'],
    ['XX001', 'OUTBOX_DATABASE_REJECTED'],
  ])('is reported as storing nothing for a rejection with %s', async (sqlState, code) => {
    const { outbox, campaigns } = await start();
    await stage.query(`create function fail() returns trigger language plpgsql as
      $$ begin raise exception 'no: %', new.numbers using errcode = '${sqlState}'; end $$`);
    await stage.query('create trigger fail before insert on chunk for each row execute function fail()');
    try {
      const calls = [outbox.enqueue(SMS), campaigns.create(campaignOf({ recipients: SMS.to, sendAt: 'now' }))];
      for (const call of calls) {
        const failure = failureIn(await failureOf(call));
        expect(failure).toEqual({ code, outcome: 'rejected', message: expect.any(String), cause: sqlState });
        expect(failure.message).not.toContain(SMS.to[0]);
      }
      expect(await stage.query('select from chunk')).toEqual([]);
    } finally {
      await stage.query('drop function fail cascade');
    }
  });

  describe('during a call of several statements', () => {
    /** Makes updates of a chunk fail from the second one on. */
    const failAt = async (id: string) => {
      await stage.query(`create function fail() returns trigger language plpgsql as
        $$ begin if new.id >= ${id} then raise exception 'no' using errcode = '57014'; end if; return new; end $$`);
      await stage.query('create trigger fail before update on chunk for each row execute function fail()');
    };
    afterEach(() => stage.query('drop function if exists fail cascade'));

    it('reports that a part is done, and the same call continues', async () => {
      const { outbox, campaigns } = await start();
      const { id } = await campaigns.create(campaignOf({ recipients: numbers(60), sendAt: 'now' }));
      await stage.query(`insert into chunk (account, campaign_id, lane, state, first_position, size, held, numbers)
        select c.account, c.campaign_id, c.lane, 'held', i, 1, 1, '91856321412' from chunk c, generate_series(1, 60) i`);
      const [last] = await stage.query<{ id: string }>('select max(id)::text as id from chunk');
      await failAt(last!.id);
      expect(failureIn(await failureOf(campaigns.resolveHeld(id, 'abandon', BY)))).toEqual({
        code: 'OUTBOX_DATABASE_UNAVAILABLE',
        outcome: 'unknown',
        message: expect.stringMatching(/A part of the call was done before: retry the same call to continue$/),
        cause: '57014',
      });
      await stage.query('drop function fail cascade');
      expect(await campaigns.resolveHeld(id, 'abandon', BY)).toBe(10);
      expect(await outbox.getStats()).toMatchObject({ held: 0 });
    });

    it('still cancels a campaign: the rest of it is never sent', async () => {
      const { campaigns } = await start();
      const { id } = await campaigns.create(campaignOf({ recipients: SMS.to, sendAt: 'now' }));
      await failAt('0');
      await campaigns.cancel(id);
      expect(await campaigns.getProgress(id)).toMatchObject({ state: 'cancelled', pending: 0, cancelled: 1 });
    });
  });

  it('makes the outbox leave a server that accepts no writes, and the next call finds one that does', async () => {
    const { outbox, campaigns } = await start();
    await stage.query(`alter database ${databaseName()} set default_transaction_read_only = on`);
    try {
      await endSessions();
      // As many as there are connections now, all of them to the wrong server.
      const failures = await Promise.all(Array.from({ length: 5 }, () => failureOf(outbox.enqueue(SMS))));
      expect(failures.map(failureIn)).toEqual(
        failures.map(() => ({
          code: 'OUTBOX_DATABASE_READ_ONLY',
          outcome: 'rejected',
          message: expect.stringContaining('accepts no writes (25006)'),
          cause: '25006',
        })),
      );
      expect(failureIn(await failureOf(campaigns.create(campaignOf({ recipients: SMS.to }))))).toMatchObject({
        code: 'OUTBOX_DATABASE_READ_ONLY',
        outcome: 'rejected',
      });
    } finally {
      await stage.query(
        `set default_transaction_read_only = off; alter database ${databaseName()} reset default_transaction_read_only`,
      );
    }
    expect(await outbox.enqueue(SMS)).toMatchObject({ isNew: true });
  });

  it('does not keep a waiting caller from getting the id of its message', async () => {
    const { line, outbox } = await start();
    const sending = outbox.send(SMS, { timeoutMs: 1_500 });
    const [stored] = await until(
      () => stage.query<{ id: string }>('select id::text as id from chunk'),
      (rows) => rows.length === 1,
    );
    await until(
      () =>
        stage.query(`select from pg_stat_activity
          where datname = current_database() and state = 'idle' and query like 'with decided as%'`),
      (rows) => rows.length > 0,
    );
    await line.cut();
    expect(await sending).toEqual({ id: stored?.id, isNew: true, receipt: undefined });
  });
});
