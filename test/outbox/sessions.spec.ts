import { randomBytes } from 'node:crypto';
import { migrateOutbox, SmsCampaigns, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { ErrorLog } from '../../libs/laaffic-outbox/src/errors/error-log.js';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { failureOf } from '../module/account.js';
import { balanceOf, campaignOf, progressOf } from './campaigns.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(120_000);

describe('a role whose defaults do not suit the outbox', () => {
  const role = `sessions_${randomBytes(6).toString('hex')}`;
  let stage: Stage;
  let url: string;
  const pools: Pool[] = [];

  beforeAll(async () => {
    stage = await Stage.set();
    const own = new URL(stage.database.url);
    const database = own.pathname.slice(1);
    await stage.pool
      .query(`create role ${role} login password 'secret'; grant create on database ${database} to ${role};
      alter role ${role} set default_transaction_isolation = 'repeatable read';
      alter role ${role} set statement_timeout = 100; alter role ${role} set datestyle = 'SQL, DMY'`);
    [own.username, own.password] = [role, 'secret'];
    url = own.href;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await stage.stop();
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });
  afterAll(async () => {
    await stage.pool.query(`drop owned by ${role} cascade; drop role ${role}`);
    await stage.close();
  });

  const poolOf = (more = {}) => {
    const pool = new Pool({ connectionString: url, ...more });
    pool.on('error', () => undefined);
    pools.push(pool);
    return pool;
  };
  /** All changes of messages take longer than the role allows a statement. */
  const slowDown = () =>
    stage.query(`create function slow() returns trigger language plpgsql as
        $$ begin perform pg_sleep(0.12); return null; end $$;
      create trigger slow after update on chunk for each statement execute function slow()`);

  it('works with a URL: migration, claims, progress, dates and the erasure', async () => {
    const problems = jest.spyOn(ErrorLog.prototype, 'report');
    const options = { database: url, rate: { recipientsPerSecond: 10_000 } };
    const { app, outbox } = await stage.app(options);
    await stage.app({ ...options, timing: { ...SHORT, gracePeriodMs: 60_000 } });
    await slowDown();
    const sendAt = new Date(Date.now() - 60_000);
    const receipts = await Promise.all(
      numbers(8).map((to) => outbox.send({ to, content: 'x' }, { sendAt, timeoutMs: 30_000 })),
    );
    expect(receipts.map(({ receipt }) => receipt?.accepted.length)).toEqual(receipts.map(() => 1));
    const found = await outbox.find(receipts[0]!.id);
    expect(Math.abs(found!.createdAt.getTime() - Date.now())).toBeLessThan(60_000);
    const campaigns = app.get(SmsCampaigns);
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(2_500), sendAt: 'now' }));
    const done = await until(
      () => campaigns.getProgress(id),
      ({ state }) => state === 'done',
    );
    expect(done).toEqual(progressOf(id, 'done', { total: 2_500, accepted: 2_500 }));
    await until(
      () => balanceOf(stage.pool, campaigns, id),
      ({ unbalanced }) => unbalanced === 0,
    );
    await stage.app({ ...options, retentionMs: 50 });
    await until(
      () => stage.query('select from chunk where redacted_at is null'),
      (rows) => rows.length === 0,
    );
    expect(problems.mock.calls).toEqual([]);
  });

  it('keeps the options of the URL, except those that the outbox needs', async () => {
    const own = new URL(url);
    own.searchParams.set('options', '-c statement_timeout=1 -c search_path=pg_catalog');
    const { outbox } = await stage.app({ database: own.href, worker: false });
    expect((await outbox.enqueue({ to: numbers(1), content: 'x' })).isNew).toBe(true);
  });

  it('is rejected at boot with a pool of the app, with what to do', async () => {
    expect(await failureOf(stage.app({ database: poolOf() }))).toMatchObject({
      code: 'OUTBOX_DATABASE_SETTINGS',
      message:
        "The outbox cannot work in sessions in which datestyle is 'SQL, DMY' and default_transaction_isolation is " +
        "'repeatable read' and statement_timeout is '100'. Run " +
        `\`alter role "${role}" set datestyle = 'ISO'\`, ` +
        `\`alter role "${role}" set default_transaction_isolation = 'read committed'\`, ` +
        `\`alter role "${role}" set statement_timeout = '60s'\` and connect again, or pass as \`database\` a URL ` +
        'that leads to the server directly: then the outbox has sessions of its own',
    });
  });

  it('is rejected at boot behind a pooler, whose sessions are not ours to change', async () => {
    expect(await failureOf(stage.app({ database: url, listenUrl: url }))).toMatchObject({
      code: 'OUTBOX_DATABASE_SETTINGS',
    });
  });

  const SETTINGS = `set default_transaction_isolation = 'read committed'; set statement_timeout = '30s'; set datestyle = 'ISO';
    set application_name = 'set up by the app'`;

  it.each([
    ['on its event', () => poolOf().on('connect', (client) => void client.query(SETTINGS))],
    [
      'with its option',
      () => poolOf({ onConnect: (client: { query(text: string): unknown }) => client.query(SETTINGS) }),
    ],
  ])(
    'works with a pool that sets up its sessions %s, and the connections beside it are set up as well',
    async (_, make) => {
      const database = make();
      const { outbox } = await stage.app({
        database,
        schema: `beside_${pools.length}_${randomBytes(3).toString('hex')}`,
      });
      const { receipt } = await outbox.send({ to: numbers(1), content: 'x' }, { timeoutMs: 20_000 });
      expect(receipt?.accepted).toHaveLength(1);
      await until(
        () =>
          stage.query(`select from pg_stat_activity where datname = current_database()
          and application_name = 'set up by the app' and query like '%pg_listening_channels%'`),
        (rows) => rows.length === 1,
      );
    },
  );
});

describe('frequent statements', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterAll(() => stage.close());

  it.each<[string, () => Partial<LaafficOutboxOptions>, string[]]>([
    [
      'a URL are planned once',
      () => ({ database: stage.database.url, connections: 1 }),
      ['outbox.addMessage', 'outbox.notifyDue'],
    ],
    ['a pooler are planned at each use', () => ({ ...pooled(), connections: 1 }), []],
    ['a pool of the app are planned at each use', () => ({ database: stage.pool }), []],
  ])('in the sessions of %s', async (_, options, prepared) => {
    const { app, outbox } = await stage.app({ worker: false, ...options() });
    for (let count = 0; count < 3; count++) await outbox.enqueue({ to: numbers(1), content: 'x' });
    const { pool } = app.get(OutboxStore).database;
    const names = async () =>
      (await pool.query<{ name: string }>('select name from pg_prepared_statements order by name')).rows.map(
        ({ name }) => name,
      );
    expect(await until(names, (found) => found.length >= prepared.length)).toEqual(prepared);
  });

  const pooled = () => ({ database: stage.database.url, listenUrl: stage.database.url });
});

it('a server that is too old is rejected with its version', async () => {
  const rows = [{ name: 'app', encoding: 'UTF8', version: '13.22', number: 130_022 }];
  const old = { query: () => Promise.resolve({ rows }) } as unknown as Pool;
  expect(await failureOf(migrateOutbox(old))).toMatchObject({
    code: 'OUTBOX_DATABASE_VERSION',
    message: 'The server is PostgreSQL 13.22, but the outbox needs 14 or newer',
  });
});
