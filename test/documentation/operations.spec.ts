import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { LaafficSandbox } from 'laaffic-sandbox';
import { migrateOutbox, SmsCampaigns, SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool, type PoolClient, type QueryResult } from 'pg';
import { startApp } from '../outbox/app.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { withFunctions } from '../outbox/functions.js';
import { numbers, SHORT } from '../outbox/stage.js';
import { until } from '../until.js';

const ROOT = join(__dirname, '../..');
const SQL = join(ROOT, 'libs/laaffic-outbox/sql');
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

/** The SQL blocks of the page, by the start of their first line. */
const blocks = new Map(
  [...page.matchAll(/^```sql\n-- ([\w ]+)(.*?)^```$/gms)].map(([, name, rest]) => [name!, `-- ${name}${rest}`]),
);

/** A block as psql would send it. */
function sql(name: string, variables: Record<string, string> = {}): string {
  const block = blocks.get(name);
  if (block === undefined) throw new Error(`the page has no SQL that begins with: -- ${name}`);
  return block.replace(/:'(\w+)'/g, (_, variable: string) => {
    const value = variables[variable];
    if (value === undefined) throw new Error(`what is ${variable}?`);
    return `'${value.replaceAll("'", "''")}'`;
  });
}

describe('the history on the page', () => {
  it('contains every event of the source, and no others', () => {
    const source = ['functions', 'queries']
      .flatMap((folder) => readdirSync(join(SQL, folder)).map((file) => join(SQL, folder, file)))
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    // One writes; the other only checks the right to write.
    expect(source.match(/insert into outbox\.history.*(?!where false)$/gm)).toHaveLength(2);
    const [, transitions = ''] = /function outbox\.legal_transitions\(\)(.*?)\$\$;?\n\n/s.exec(source) ?? [];
    const ofChunks = [...transitions.matchAll(/^\s*\('([^']+)'/gm)].map(([, event]) => event!);
    const late = [...source.matchAll(/record_stale_result\(\w+, \w+, '([^']+)'/g)].map(([, event]) => event!);
    const others = [...source.matchAll(/record_history\((?:[\w.]+, ){4}('([^']+)'|[\w:]+)/g)];
    // The states of campaigns.
    const states = ['draft', 'scheduled', 'running', 'paused', 'cancelled'];
    const written = ['pending', ...ofChunks, ...late, ...others.flatMap(([, , event]) => event ?? states)];
    const [, table = ''] = /^\| `event` (.*?)\n\n/ms.exec(page) ?? [];
    const shown = [...table.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, event]) => event!),
    );
    expect(shown.sort()).toEqual([...new Set(written)].sort());
  });
});

describe('the SQL of the page', () => {
  let database: TestDatabase;
  let sandbox: LaafficSandbox;
  let pool: Pool;
  let apps: INestApplicationContext[] = [];
  const timing = { ...SHORT, gracePeriodMs: 2_000, lookupIntervalMs: 50 };

  beforeAll(async () => {
    database = await startDatabase();
    pool = new Pool({ connectionString: database.url, max: 2 });
    pool.on('error', () => undefined);
    sandbox = await LaafficSandbox.start({ queuedForMs: 0, deliveredAfterMs: 0 });
  });
  beforeEach(() => {
    sandbox.reset();
  });
  afterEach(async () => {
    await stop();
  });
  afterAll(async () => {
    await sandbox.close();
    await pool.end();
    await database.close();
  });

  async function start(schema: string, options: Partial<LaafficOutboxOptions> = {}) {
    const app = await startApp(sandbox, {
      database: database.url,
      schema,
      timing,
      worker: { pollIntervalMs: 150 },
      ...options,
    });
    apps.push(app);
    return { outbox: app.get(SmsOutbox), campaigns: app.get(SmsCampaigns) };
  }

  async function stop(): Promise<void> {
    await Promise.all(apps.map((app) => app.close()));
    apps = [];
  }

  /** Runs statements in a schema and returns the rows of each. */
  async function run(schema: string, text: string, from = pool): Promise<Record<string, unknown>[][]> {
    const client = await from.connect();
    try {
      await client.query(`set search_path to ${schema}`);
      const results = (await client.query(text)) as unknown as QueryResult | QueryResult[];
      return (Array.isArray(results) ? results : [results]).map(({ rows }) => rows as Record<string, unknown>[]);
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }
  const one = async (schema: string, text: string) => (await run(schema, text))[0]?.[0];
  const sent = () => sandbox.messages.map(({ number }) => number).sort();

  it('gives each role the rights that it needs, and no more', async () => {
    const role = (name: string) => `${new URL(database.url).pathname.slice(1)}_${name}`;
    const named = (name: string) => sql(name).replace(/\bsms_(\w+)/g, (_, of: string) => role(of));
    const names = ['owner', 'sender', 'enqueuer', 'reader'];
    const url = (of: string) => {
      const its = new URL(database.url);
      its.username = role(of);
      its.password = 'secret';
      return its.href;
    };
    await pool.query(named('roles'));
    for (const of of names) await pool.query(`alter role ${role(of)} password 'secret'`);
    const owner = new Pool({ connectionString: url('owner'), max: 1 });
    const enqueuer = new Pool({ connectionString: url('enqueuer'), max: 2 });
    const of = (name: string, options: Partial<LaafficOutboxOptions>) =>
      start('laaffic_outbox', { database: url(name), migrate: false, ...options });
    try {
      await migrateOutbox(owner);
      await run('laaffic_outbox', named('grants'), owner);

      const { outbox, campaigns } = await of('sender', {});
      const [to = '', other = '', third = '', fourth = ''] = numbers(4);
      const { id, receipt } = await outbox.send({ to, content: 'x' });
      await campaigns.create({ name: 'x', content: 'x', recipients: [other], sendAt: 'now' });
      await until(sent, (all) => all.length === 2);

      const { outbox: taking } = await of('enqueuer', { worker: false });
      await taking.enqueue({ to: third, content: 'x' }, { idempotencyKey: 'once' });
      const again = await taking.enqueue({ to: third, content: 'x' }, { idempotencyKey: 'once' });
      const client: PoolClient = await enqueuer.connect();
      await client.query('begin');
      await taking.enqueue({ to: { number: fourth, orderId: 'mine' }, content: 'x' }, { transaction: client });
      await client.query('commit');
      client.release();
      await until(sent, (all) => all.length === 4);
      const denied = { code: 'OUTBOX_DATABASE_DENIED', cause: expect.objectContaining({ code: '42501' }) as unknown };
      await expect(taking.find(id)).rejects.toMatchObject(denied);
      await expect(enqueuer.query('select numbers from laaffic_outbox.chunk')).rejects.toThrow('permission denied');
      await run(
        'laaffic_outbox',
        `grant select on chunk, recipient, pending_result, invalid_entry to ${role('enqueuer')}`,
        owner,
      );
      const found = await taking.find(id);

      await run('laaffic_outbox', `grant insert on account to ${role('reader')}`, owner);
      const { outbox: reading } = await of('reader', { worker: false });
      const read = await reading.find(id);
      await expect(reading.enqueue({ to, content: 'x' })).rejects.toMatchObject(denied);
      expect(receipt?.accepted).toHaveLength(1);
      expect(again.isNew).toBe(false);
      expect(found?.id).toEqual(id);
      expect(read?.id).toEqual(id);
    } finally {
      await stop();
      await owner.end();
      await enqueuer.end();
      await pool.query(`drop schema laaffic_outbox cascade`);
      for (const of of names) await pool.query(`drop owned by ${role(of)}; drop role ${role(of)}`);
    }
  });

  it('reads the numbers', async () => {
    const schema = 'ops_numbers';
    const { outbox } = await start(schema, { timing: { ...timing, gracePeriodMs: 50, lookupIntervalMs: false } });
    sandbox.script([{ fault: 'cut-after-accepting' }]);
    const { id } = await outbox.enqueue({ to: numbers(3), content: 'x' });
    await until(
      async () => (await outbox.find(id))?.recipients[0]?.state,
      (state) => state === 'held',
    );
    await stop();
    const idle = await start(schema, { worker: false });
    await idle.outbox.enqueue({ to: numbers(2, 10), content: 'x' });
    await idle.campaigns.create({ name: 'x', content: 'x', recipients: numbers(5, 20), sendAt: 'now' });
    await run(schema, withFunctions(`select pause_account('4luaKsL2', 'LAAFFIC_X', 'x', 60000)`));
    await run(schema, `insert into event (account, topic) values ('4luaKsL2', 'held'), ('4luaKsL2', 'held')`);
    const [backlog, open, paused, limited, events, lost, workers, sizes] = await run(schema, sql('numbers'));
    const facts = [
      backlog?.map(({ lane, recipients }) => [lane, recipients]),
      open,
      paused?.map(({ paused_code }) => paused_code),
      limited,
      events?.map(({ topic, waiting, dead, failures }) => [topic, waiting, dead, failures]),
      lost,
      workers?.map(({ requests }) => requests),
      sizes?.map(({ relname }) => relname).includes('chunk'),
    ];
    expect(facts).toEqual([
      expect.arrayContaining([
        ['priority', '2'],
        ['bulk', '5'],
      ]) as unknown,
      [{ account: '4luaKsL2', unknown: '0', held: '3' }],
      ['LAAFFIC_X'],
      [],
      [['held', '2', '0', 0]],
      [],
      ['1'],
      true,
    ]);
  });

  it('lets a restored outbox send nothing twice', async () => {
    const schema = 'ops_restored';
    const idle = await start(schema, { worker: false });
    const [code = ''] = numbers(1, 5_000);
    const { id } = await idle.outbox.enqueue({ to: code, content: 'x' });
    const create = (count: number, first: number) =>
      idle.campaigns.create({ name: 'x', content: 'x', recipients: numbers(count, first), sendAt: 'now' });
    const [going, waiting, spared] = [await create(1_500, 0), await create(300, 2_000), await create(200, 3_000)];
    for (const campaign of [waiting, spared]) await idle.campaigns.pause(campaign.id);
    const tables = [
      'account',
      'campaign',
      'chunk',
      'recipient',
      'pending_result',
      'history',
      'count_delta',
      'campaign_count',
    ];
    await run(
      schema,
      `create schema copy; ${tables.map((t) => `create table copy.${t} as table ${t};`).join('')}
      alter table copy.chunk drop column is_list`,
    );
    const backup = String((await one(schema, 'select clock_timestamp()::text as at'))?.['at']);

    await start(schema);
    await until(
      async () => (await idle.campaigns.getProgress(going.id)).state,
      (state) => state === 'done',
    );
    await until(sent, (all) => all.length === 1_501);
    await idle.outbox.send({ to: numbers(1, 9_000), content: 'lost' });
    await stop();
    // The state to return to: rows, and the next values of the sequences.
    await run(
      schema,
      `set session_replication_role = replica; truncate ${tables.join()} cascade;
      ${tables.map((t) => `insert into ${t} overriding system value table copy.${t};`).join('')}
      select setval(pg_get_serial_sequence('chunk', 'id'), max(id)) from chunk; drop schema copy cascade; reset session_replication_role`,
    );
    const results = await run(schema, sql('restored', { backup, spared: `{${spared.id}}` }));
    const marked = results.flat().filter(({ state }) => state === 'unknown');
    expect(marked.map(({ campaign_id, recipients }) => [campaign_id, recipients])).toEqual(
      expect.arrayContaining([
        [going.id, '1500'],
        [waiting.id, '300'],
        [null, '1'],
      ]),
    );

    const taking = await start(schema, { worker: false });
    const fresh = await taking.outbox.enqueue({ to: numbers(1, 9_001), content: 'new' });
    expect(Number(fresh.id)).toBeGreaterThan(1_000_000_000);
    const { outbox, campaigns } = await start(schema, { timing: { ...timing, gracePeriodMs: 60_000 } });
    await until(
      async () => (await outbox.find(id))?.recipients[0]?.state,
      (state) => state === 'delivered',
    );
    await until(
      () => campaigns.getProgress(going.id),
      ({ delivered, state }) => delivered === 1_500 && state === 'done',
    );
    // The other messages have no records until their grace period ends.
    await run(schema, `update chunk set changed_at = changed_at - interval '1 hour' where state = 'unknown'`);
    await until(
      async () => (await campaigns.getProgress(waiting.id)).held,
      (held) => held === 300,
    );
    await campaigns.resolveHeld(waiting.id, 'resend', { actor: 'anna' });
    for (const campaign of [waiting, spared]) await campaigns.resume(campaign.id);
    await until(sent, (all) => all.length >= 2_003);
    const due = [code, ...numbers(1_500), ...numbers(300, 2_000), ...numbers(200, 3_000), ...numbers(2, 9_000)];
    expect(sent().length).toEqual(due.length);
    expect(due.filter((number) => !sent().includes(number))).toEqual([]);
  });

  it('finds and erases a person, and the counts stay the same', async () => {
    const schema = 'ops_person';
    const [number = '', ...others] = numbers(5);
    const { outbox, campaigns } = await start(schema, {
      timing: { ...timing, lookupIntervalMs: false, gracePeriodMs: 50 },
    });
    const { id } = await outbox.send({ to: number, content: 'private' });
    sandbox.script([{ status: -3 }]);
    const { id: refused } = await outbox.send({ to: [number, others[0]!], content: 'x' });
    const ends = async (campaign: string) =>
      until(
        async () => (await campaigns.getProgress(campaign)).state,
        (state) => state === 'done',
      );
    const recipients = [others[1]!, number, others[2]!];
    const going = await campaigns.create({ name: 'x', content: 'x', recipients, sendAt: 'now' });
    await ends(going.id);
    const waiting = await campaigns.create({ name: 'x', content: 'x', recipients });
    const before = await campaigns.getProgress(going.id);

    const where = async () =>
      (await run(schema, sql('find a person', { number })))
        .flat()
        .map(({ message, campaign_id, position }) => [campaign_id ?? message, position]);
    expect(await where()).toEqual([
      [id, '0'],
      [refused, '0'],
      [going.id, '1'],
      [waiting.id, '1'],
    ]);
    await campaigns.cancel(waiting.id);
    await run(schema, sql('erase a person', { number }));
    expect(await where()).toEqual([]);
    const kept = await one(
      schema,
      `select count(*) from chunk where concat(numbers, content, fingerprint) ~ 'private|${number}'`,
    );
    const single = (await outbox.find(id))?.recipients.map(({ state, number: its }) => [state, its]);
    // The remaining recipients of those that were rejected together.
    const left = (await outbox.find(refused))?.recipients.map(({ state, number: its }) => [state, its]);
    expect(kept).toEqual({ count: '0' });
    expect(single).toEqual([[expect.stringMatching(/accepted|delivered/), undefined]]);
    expect(left).toEqual([['rejected', others[0]]]);
    expect(await campaigns.getProgress(going.id)).toEqual(before);

    expect(await campaigns.getProgress(waiting.id)).toMatchObject({ total: 3, cancelled: 3 });
    const results: (string | undefined)[] = [];
    for await (const recipient of campaigns.listResults(waiting.id)) results.push(recipient.number);
    expect(results).toEqual([others[1], others[2]]);
    expect(sent().filter((to) => to === number)).toHaveLength(2);
  });

  it('is run completely by these tests', () => {
    const here = readFileSync(__filename, 'utf8');
    expect([...blocks.keys()].filter((name) => !here.includes(`('${name}'`))).toEqual([]);
    expect(page.match(/^```sql$/gm)).toHaveLength(blocks.size);
  });
});
