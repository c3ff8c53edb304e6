import type { INestApplicationContext } from '@nestjs/common';
import { LaafficSandbox } from 'laaffic-sandbox';
import { markOutboxRestored, SmsCampaigns, SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { failureOf } from '../module/account.js';
import { until } from '../until.js';
import { startApp } from './app.js';
import { startDatabase, type TestDatabase } from './database.js';
import { numbers, SHORT } from './stage.js';

jest.setTimeout(60_000);

const SCHEMA = 'restored';
const TIMING = { ...SHORT, gracePeriodMs: 2_000, lookupIntervalMs: 50 };
const TABLES = [
  ...['account', 'campaign', 'chunk', 'recipient', 'pending_result', 'history', 'count_delta', 'campaign_count'],
  'turn',
];

let database: TestDatabase;
let sandbox: LaafficSandbox;
let pool: Pool;
let apps: INestApplicationContext[] = [];

beforeAll(async () => {
  database = await startDatabase();
  pool = new Pool({ connectionString: database.url, max: 2, options: `-c search_path=${SCHEMA}` });
  pool.on('error', () => undefined);
  sandbox = await LaafficSandbox.start({ queuedForMs: 0, deliveredAfterMs: 0 });
});
afterEach(async () => {
  await stop();
  await pool.query(`drop schema if exists ${SCHEMA} cascade; drop schema if exists copy cascade`);
  sandbox.reset();
});
afterAll(async () => {
  await sandbox.close();
  await pool.end();
  await database.close();
});

async function start(options: Partial<LaafficOutboxOptions> = {}) {
  const given = { database: database.url, schema: SCHEMA, timing: TIMING, worker: { pollIntervalMs: 150 }, ...options };
  const app = await startApp(sandbox, given);
  apps.push(app);
  return { outbox: app.get(SmsOutbox), campaigns: app.get(SmsCampaigns) };
}

async function stop(): Promise<void> {
  await Promise.all(apps.map((app) => app.close()));
  apps = [];
}

const sent = () => sandbox.messages.map(({ number }) => number).sort();

/** Copies the rows as a backup does. */
async function backUp(): Promise<Date> {
  const copies = TABLES.map((table) => `create table copy.${table} as table ${table};`);
  await pool.query(`create schema copy; ${copies.join('')} alter table copy.chunk drop column is_list`);
  return (await pool.query<{ at: Date }>('select clock_timestamp() as at')).rows[0]!.at;
}

/** Puts the rows of the backup back, and the ids that come next. The last process stopped a while ago. */
async function restore(): Promise<void> {
  await pool.query(`set session_replication_role = replica; truncate ${TABLES.join()} cascade;
    ${TABLES.map((table) => `insert into ${table} overriding system value table copy.${table};`).join('')}
    select setval(pg_get_serial_sequence('chunk', 'id'), max(id)) from chunk;
    update turn set taken_at = taken_at - interval '1 minute'; reset session_replication_role`);
}

it('a restored outbox sends nothing twice', async () => {
  const idle = await start({ worker: false });
  const [code = ''] = numbers(1, 5_000);
  const { id } = await idle.outbox.enqueue({ to: code, content: 'x' });
  const create = (count: number, first: number) =>
    idle.campaigns.create({
      ...{ name: 'x', content: 'x', recipients: numbers(count, first), sendAt: 'now' },
      onUnconfirmed: 'resend',
    });
  const [going, waiting, spared] = [await create(1_500, 0), await create(300, 2_000), await create(200, 3_000)];
  for (const campaign of [waiting, spared]) await idle.campaigns.pause(campaign.id);
  const backupAt = await backUp();

  await start();
  await until(
    async () => (await idle.campaigns.getProgress(going.id)).state,
    (state) => state === 'done',
  );
  await until(sent, (all) => all.length === 1_501);
  await idle.outbox.send({ to: numbers(1, 9_000), content: 'lost' });
  await stop();
  await restore();

  const options = { schema: SCHEMA, backupAt, notStarted: [spared.id] };
  expect(await markOutboxRestored(pool, options)).toEqual({ chunks: 4, recipients: 1_801 });
  // As after an interruption.
  expect(await markOutboxRestored(pool, options)).toEqual({ chunks: 0, recipients: 0 });

  const taking = await start({ worker: false });
  const fresh = await taking.outbox.enqueue({ to: numbers(1, 9_001), content: 'new' });
  expect(Number(fresh.id)).toBeGreaterThan(1_000_000_000);
  expect(Number(fresh.id)).toBeLessThan(1_000_010_000);
  const { outbox, campaigns } = await start({
    timing: { ...TIMING, gracePeriodMs: 60_000 },
    onUnconfirmed: { priority: 'resend', bulk: 'resend' },
  });
  await until(
    async () => (await outbox.find(id))?.recipients[0]?.state,
    (state) => state === 'delivered',
  );
  await until(
    () => campaigns.getProgress(going.id),
    ({ delivered, state }) => delivered === 1_500 && state === 'done',
  );
  // The other messages have no records until their grace period ends.
  await pool.query(`update chunk set changed_at = changed_at - interval '1 hour' where state = 'unknown'`);
  await until(
    async () => (await campaigns.getProgress(waiting.id)).held,
    (held) => held === 300,
  );
  await campaigns.resolveHeld(waiting.id, 'resend', { actor: 'anna' });
  for (const campaign of [waiting, spared]) await campaigns.resume(campaign.id);
  await until(sent, (all) => all.length >= 2_003);
  const due = [code, ...numbers(1_500), ...numbers(300, 2_000), ...numbers(200, 3_000), ...numbers(2, 9_000)];
  expect(sent()).toEqual(due.sort());
});

it('is not prepared while a process sends, and nothing changes', async () => {
  const idle = await start({ worker: false });
  await start({ worker: { pollIntervalMs: 50 } });
  await until(
    () => pool.query(`select from turn where task = 'maintenance'`),
    ({ rows }) => rows.length > 0,
  );
  await idle.outbox.pauseLane('priority', { actor: 'anna' });
  await idle.outbox.enqueue({ to: numbers(1), content: 'x' });
  const error = await failureOf(markOutboxRestored(pool, { schema: SCHEMA, backupAt: new Date() }));
  expect(error).toMatchObject({ code: 'OUTBOX_WRONG_STATE', message: expect.stringContaining('stop all processes') });
  expect((await pool.query('select state from chunk')).rows).toEqual([{ state: 'pending' }]);
});

it('is prepared by its owner only', async () => {
  await start({ worker: false });
  await stop();
  const role = `restorer_${database.url.slice(-8)}`;
  await pool.query(`create role ${role} login password 'x'; grant usage on schema ${SCHEMA} to ${role};
    grant select, insert, update, delete on all tables in schema ${SCHEMA} to ${role}`);
  const url = Object.assign(new URL(database.url), { username: role, password: 'x' });
  const theirs = new Pool({ connectionString: url.href, max: 1 });
  try {
    const error = await failureOf(markOutboxRestored(theirs, { schema: SCHEMA, backupAt: new Date() }));
    expect(error).toMatchObject({
      code: 'OUTBOX_DATABASE_DENIED',
      message: 'Run this as the owner of the schema restored',
    });
  } finally {
    await theirs.end();
    await pool.query(`drop owned by ${role}; drop role ${role}`);
  }
});

it.each([
  [{ backupAt: 'yesterday' as never }, 'backupAt must be a Date'],
  [{ backupAt: new Date(NaN) }, 'backupAt must be a valid Date'],
  [{ backupAt: new Date(), notStarted: ['x'] }, 'notStarted must be a list of ids of campaigns'],
  [{ backupAt: new Date(), notStarted: '7' as never }, 'notStarted must be a list of ids of campaigns'],
])('%j is rejected', async (options, problem) => {
  expect(await failureOf(markOutboxRestored(pool, { schema: SCHEMA, ...options }))).toMatchObject({
    message: expect.stringContaining(problem),
  });
});
