import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { LaafficSandbox } from 'laaffic-sandbox';
import { migrateOutbox, SmsCampaigns, SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool, type PoolClient, type QueryResult } from 'pg';
import { startApp } from '../outbox/app.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { numbers, SHORT } from '../outbox/stage.js';
import { until } from '../until.js';

const ROOT = join(__dirname, '../..');
const SQL = join(ROOT, 'libs/laaffic-outbox/sql');
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

/** The SQL blocks of the page, by the start of their first line. */
const blocks = new Map(
  [...page.matchAll(/^```sql\n-- ([\w ]+)(.*?)^```$/gms)].map(([, name, rest]) => [name!, `-- ${name}${rest}`]),
);

function sql(name: string): string {
  const block = blocks.get(name);
  if (block === undefined) throw new Error(`the page has no SQL that begins with: -- ${name}`);
  return block;
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
    const monitoring = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
    const [, table = ''] = /^\| `event` (.*?)(?:\n\n|\n$)/ms.exec(`${monitoring}\n`) ?? [];
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

  it('is run completely by these tests', () => {
    const here = readFileSync(__filename, 'utf8');
    expect([...blocks.keys()].filter((name) => !here.includes(`('${name}'`))).toEqual([]);
    expect(page.match(/^```sql$/gm)).toHaveLength(blocks.size);
  });
});
