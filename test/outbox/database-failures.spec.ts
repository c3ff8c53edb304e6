import { inspect } from 'node:util';
import { migrateOutbox, OutboxError, SmsCampaigns, SmsOutbox } from 'nestjs-laaffic-outbox';
import { failureOf } from '../module/account.js';
import { campaignOf, readAll } from './campaigns.js';
import { Line } from './line.js';
import { numbers, Stage, until } from './stage.js';

const SMS = { to: numbers(1), content: 'x' };
const BY = { by: 'a person' };

describe('when the database fails', () => {
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

  /** A process that sends nothing, on a line of its own. */
  async function start() {
    const line = await Line.to(stage.database.url);
    lines.push(line);
    const { app, outbox } = await stage.app({ database: line.url, worker: false });
    return { line, outbox, campaigns: app.get(SmsCampaigns) };
  }

  const calls: [string, (outbox: SmsOutbox, campaigns: SmsCampaigns) => Promise<unknown>][] = [
    ['enqueue', (outbox) => outbox.enqueue(SMS)],
    ['send', (outbox) => outbox.send(SMS)],
    ['find', (outbox) => outbox.find('1')],
    ['findByOrderId', (outbox) => outbox.findByOrderId('mine')],
    ['cancel', (outbox) => outbox.cancel('1')],
    ['held', (outbox) => readAll(outbox.held())],
    ['resolve', (outbox) => outbox.resolve('1', 'sent', BY)],
    ['resumeAccount', (outbox) => outbox.resumeAccount('a person')],
    ['campaigns.start', (_, campaigns) => campaigns.start('1')],
    ['campaigns.cancel', (_, campaigns) => campaigns.cancel('1')],
    ['campaigns.find', (_, campaigns) => campaigns.find('1')],
    ['campaigns.list', (_, campaigns) => campaigns.list()],
    ['campaigns.progress', (_, campaigns) => campaigns.progress('1')],
    ['campaigns.results', (_, campaigns) => readAll(campaigns.results('1'))],
    ['campaigns.resolve', (_, campaigns) => campaigns.resolve('1', 'sent', BY)],
    ['campaigns.retryRefused', (_, campaigns) => campaigns.retryRefused('1', BY)],
    ['campaigns.create', (_, campaigns) => campaigns.create(campaignOf({ idempotencyKey: 'a key' }))],
  ];
  const failureIn = (error: unknown) => {
    expect(error).toBeInstanceOf(OutboxError);
    const { code, message, cause } = error as OutboxError;
    return { code, message, cause: (cause as { code?: string }).code };
  };

  it.each(calls)('%s says that it was not reached', async (_, call) => {
    const { line, outbox, campaigns } = await start();
    await line.cut();
    const error = await failureOf(call(outbox, campaigns));
    expect(failureIn(error)).toEqual({
      code: 'OUTBOX_DATABASE',
      message:
        'The database of the outbox cannot be reached (ECONNREFUSED), so a statement was not made and has stored nothing',
      cause: 'ECONNREFUSED',
    });
    const { password } = new URL(stage.database.url);
    expect(password).not.toBe('');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(password);
  });

  it.each(calls)('%s says that it was refused, and nothing was stored', async (_, call) => {
    const { outbox, campaigns } = await start();
    await stage.query('alter schema laaffic_outbox rename to gone', [], 'pg_catalog');
    try {
      expect(failureIn(await failureOf(call(outbox, campaigns)))).toEqual({
        code: 'OUTBOX_DATABASE',
        message: expect.stringMatching(
          /^The database of the outbox refused a statement \((42P01|3F000)\), which stored nothing$/,
        ),
        cause: expect.any(String),
      });
    } finally {
      await stage.query('alter schema gone rename to laaffic_outbox', [], 'pg_catalog');
    }
  });

  it('a commit whose answer was lost is one of which nobody knows, and the same key settles it', async () => {
    const { line, outbox } = await start();
    line.loseAnswerTo('insert into');
    const key = { idempotencyKey: 'lost' };
    expect(failureIn(await failureOf(outbox.enqueue(SMS, key)))).toEqual({
      code: 'OUTBOX_DATABASE',
      message:
        'The database of the outbox did not answer a statement, and nobody knows whether it has stored anything: ' +
        'the same call with the same idempotency key settles that',
      cause: undefined,
    });
    const [stored] = await stage.query<{ id: string }>('select id::text as id from chunk');
    expect(await outbox.enqueue(SMS, key)).toEqual({ id: stored?.id, isNew: false });
  });

  it('nobody knows either of a session that the server ended', async () => {
    const { outbox } = await start();
    const other = await stage.pool.connect();
    await other.query('begin; lock table laaffic_outbox.chunk in access exclusive mode');
    const failing = failureOf(outbox.enqueue(SMS));
    await until(
      () =>
        stage.query(`select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`),
      (rows) => rows.length > 0,
    );
    expect(failureIn(await failing)).toMatchObject({
      message: expect.stringContaining('did not answer a statement (57P01), and nobody knows'),
      cause: '57P01',
    });
    await other.query('rollback');
    other.release();
    expect((await outbox.enqueue(SMS)).isNew).toBe(true);
  });

  it('who waits for the outcome of a message gets its id all the same', async () => {
    const { line, outbox } = await start();
    const sending = outbox.send(SMS, { timeout: 1_500 });
    const [stored] = await until(
      () => stage.query<{ id: string }>('select id::text as id from chunk'),
      (rows) => rows.length === 1,
    );
    await until(
      () =>
        stage.query(`select from pg_stat_activity
          where datname = current_database() and state = 'idle' and query like '%order by d.id, c.id'`),
      (rows) => rows.length > 0,
    );
    await line.cut();
    expect(await sending).toEqual({ id: stored?.id, isNew: true, receipt: undefined });
  });
});
