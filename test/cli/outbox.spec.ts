import { writeFileSync } from 'node:fs';
import { SmsCampaigns, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { campaignOf } from '../outbox/campaigns.js';
import type { Line } from '../outbox/line.js';
import { SHORT, Stage } from '../outbox/stage.js';
import { until } from '../until.js';
import { jsonLines, laaffic, temporaryFolder } from './terminal.js';

const PATIENT = { ...SHORT, startWithinMs: 10_000, timeoutMs: 30_000, leaseMs: 60_000 };
const APP_ID = '4luaKsL2';
const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/;
const folder = temporaryFolder();

let stage: Stage;
let line: Line;
let outbox: SmsOutbox;
let campaigns: SmsCampaigns;

beforeAll(async () => {
  stage = await Stage.set();
  line = await stage.lineToGateway();
  const { app, outbox: first } = await stage.app({ timing: PATIENT }, { url: line.url });
  outbox = first;
  campaigns = app.get(SmsCampaigns);
});
beforeEach(() => {
  line.release();
  return stage.clear();
});
afterAll(() => stage.close());

const run = (...argv: string[]) => laaffic(['outbox', ...argv], { env: { DATABASE_URL: stage.database.url } });
const lines = (text: string) => text.trimEnd().split('\n');

/** A message and a recipient of a campaign whose responses are lost. */
async function hold() {
  stage.sandbox.script({ fault: 'cut-after-accepting', times: 2 });
  const message = await outbox.enqueue({ to: '918563210001', content: 'x' }, { reference: 'order 1' });
  const campaign = await campaigns.create(campaignOf({ recipients: ['918563210002'], sendAt: 'now' }));
  await until(async () => (await outbox.getStats()).held === 2);
  await stage.query(`update chunk set reason = 'no answer for 918563210001' where id = $1`, [message.id]);
  return { message, campaign };
}

describe('laaffic outbox migrate', () => {
  it('creates a schema, which plan and status describe before and after', async () => {
    const schema = ['--schema', 'new_one'];
    const before = await run('status', ...schema);
    const plan = await run('plan', ...schema);
    const planned = JSON.parse((await run('plan', ...schema, '--json')).stdout) as { version: number; sql: string }[];
    const migrated = await run('migrate', ...schema);
    const again = await run('migrate', ...schema, '--json');
    const after = await run('plan', ...schema);

    expect(before).toEqual({
      code: 0,
      stdout: [
        'schema   new_one, version 0',
        'pending  1 schema',
        'newer    none',
        'state    cannot be used by this release',
        'account  none\n',
      ].join('\n'),
      stderr: '',
    });
    expect(plan.code).toBe(0);
    expect(lines(plan.stdout)[0]).toBe('-- version 1: schema, breaking');
    expect(plan.stdout).toContain('\ncreate table "new_one".chunk (\n');
    expect(planned).toMatchObject([{ version: 1, name: 'schema', isBreaking: true }]);
    expect(lines(plan.stdout).slice(1).join('\n')).toBe(planned[0]!.sql.trimEnd());
    expect(migrated).toEqual({ code: 0, stdout: 'new_one is at version 1; applied 1\n', stderr: '' });
    expect(JSON.parse(again.stdout)).toEqual({ schema: 'new_one', version: 1, applied: [] });
    expect(after).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await run('migrate', ...schema)).stdout).toBe('new_one is up to date at version 1\n');
  });

  it('is what a command names that finds no schema', async () => {
    const { code, stdout, stderr } = await run('held', '--schema', 'missing');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('run `laaffic outbox migrate`');
  });
});

describe('laaffic outbox rollback', () => {
  it('takes back nothing at the version that there is', async () => {
    expect(await run('rollback', '1')).toEqual({
      code: 0,
      stdout: 'laaffic_outbox is at version 1; nothing was taken back\n',
      stderr: '',
    });
    expect(JSON.parse((await run('rollback', '1', '--json')).stdout)).toEqual({
      ...{ schema: 'laaffic_outbox', version: 1, takenBack: [] },
    });
  });

  it('takes back no breaking version', async () => {
    const { code, stderr } = await run('rollback', '0');
    expect(code).toBe(1);
    expect(stderr).toContain('Version 1 of the schema laaffic_outbox cannot be taken back, because it is breaking');
  });
});

describe('laaffic outbox status', () => {
  it('prints what waits and what is paused, as a table and as JSON', async () => {
    await hold();
    await outbox.pauseLane('bulk', { actor: 'alice', reason: 'wrong text' });
    await outbox.setLaneConcurrency('priority', 4, { actor: 'bob' });
    const { code, stdout, stderr } = await run('status');
    const json = JSON.parse((await run('status', '--json')).stdout) as unknown;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines(stdout.replaceAll(new RegExp(TIME, 'g'), 'TIME'))).toEqual([
      'schema     laaffic_outbox, version 1',
      'pending    none',
      'newer      none',
      `account    ${APP_ID}`,
      'state      works',
      'backlog    0',
      'oldest     0 s, in the priority lane 0 s',
      'scheduled  0',
      'sending    0',
      'unknown    0',
      'held       2',
      'events     0 failed',
      'priority   4 slots in each worker, set by bob',
      'bulk       paused by alice since TIME (wrong text)',
    ]);
    expect(json).toEqual({
      ...{ schema: 'laaffic_outbox', version: 1, pending: [], newer: [], isUsable: true, account: APP_ID },
      ...{ backlog: 0, scheduled: 0, oldestPendingSeconds: 0, oldestPrioritySeconds: 0 },
      ...{ sending: 0, unknown: 0, held: 2, failedEvents: 0, limitedLanes: [], sealKeys: [] },
      pausedLanes: [{ lane: 'bulk', since: expect.stringMatching(TIME), actor: 'alice', reason: 'wrong text' }],
      laneConcurrency: [{ lane: 'priority', slots: 4, since: expect.stringMatching(TIME), actor: 'bob' }],
    });
  });

  it('prints why the account is paused, and which lane gets no responses', async () => {
    await stage.query(`update account set paused_at = clock_timestamp(), probe_at = clock_timestamp(),
      paused_code = 'LAAFFIC_INSUFFICIENT_BALANCE', paused_reason = 'no balance'`);
    await stage.query(`insert into lane_limit (account, lane, max_size, target_size, reason, probe_at)
      values ('${APP_ID}', 'bulk', 64, 1000, 'silence', clock_timestamp() + interval '1 hour')`);
    const { stdout } = await run('status');
    expect(lines(stdout.replaceAll(new RegExp(TIME, 'g'), 'TIME'))).toEqual(
      expect.arrayContaining([
        'state      paused since TIME, probed at TIME: LAAFFIC_INSUFFICIENT_BALANCE no balance',
        'priority   works',
        'bulk       at most 64 recipients in a request: silence',
      ]),
    );
  });
});

describe('laaffic outbox held', () => {
  it('lists recipients of messages and campaigns with masked numbers', async () => {
    const { message, campaign } = await hold();
    const { code, stdout, stderr } = await run('held');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines(stdout.replaceAll(new RegExp(TIME, 'g'), 'TIME'))).toEqual([
      `message ${message.id} position 0 9185…001 TIME LAAFFIC_CONNECTION_LOST no answer for 9185…001`,
      expect.stringMatching(`^campaign ${campaign.id} position 0 9185…002 TIME LAAFFIC_CONNECTION_LOST `),
    ]);
    expect(stdout).not.toContain('918563210');
  });

  it('prints whole numbers only if they are wanted, and JSON Lines', async () => {
    const { message, campaign } = await hold();
    const masked = jsonLines((await run('held', '--json')).stdout);
    const whole = jsonLines((await run('held', '--json', '--show-numbers')).stdout);
    const recipient = {
      ...{ position: 0, orderId: expect.any(String), state: 'held', sentAt: expect.stringMatching(TIME) },
      ...{ code: 'LAAFFIC_CONNECTION_LOST', reason: expect.any(String) },
    };
    expect(masked).toEqual([
      { ...recipient, messageId: message.id, reference: 'order 1', number: '9185…001' },
      { ...recipient, campaignId: campaign.id, number: '9185…002' },
    ]);
    expect(whole).toEqual([
      { ...recipient, messageId: message.id, reference: 'order 1', number: '918563210001' },
      { ...recipient, campaignId: campaign.id, number: '918563210002' },
    ]);
  });
});

describe('laaffic outbox pause and resume', () => {
  const paused = async () => (await outbox.getStats()).pausedLanes.map(({ lane, actor }) => `${lane} by ${actor}`);

  it('stop and continue one lane, with the actor and the reason', async () => {
    const pause = await run('pause', 'bulk', '--actor', 'alice', '--reason', 'wrong text');
    const { pausedLanes } = await outbox.getStats();
    const resume = await run('resume', 'bulk', '--actor', 'bob', '--json');
    expect(pause).toEqual({ code: 0, stdout: 'bulk paused\n', stderr: '' });
    expect(pausedLanes).toEqual([{ lane: 'bulk', since: expect.any(Date), actor: 'alice', reason: 'wrong text' }]);
    expect(JSON.parse(resume.stdout)).toEqual([{ lane: 'bulk', changed: true }]);
    expect(await paused()).toEqual([]);
    expect(await stage.query(`select event, actor from history where event like 'lane %' order by id`)).toEqual([
      { event: 'lane paused', actor: 'alice' },
      { event: 'lane resumed', actor: 'bob' },
    ]);
  });

  it('concern both lanes without a lane', async () => {
    await run('pause', 'priority');
    expect((await run('pause')).stdout).toBe('priority was already paused\nbulk paused\n');
    expect(await paused()).toEqual(['priority by laaffic-cli', 'bulk by laaffic-cli']);
    expect((await run('resume')).stdout).toBe('priority resumed\nbulk resumed\n');
    expect((await run('resume')).stdout).toBe('priority was not paused\nbulk was not paused\n');
  });

  it('name a wrong actor (exit code 1)', async () => {
    expect(await run('pause', '--actor', ' ')).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: expect.stringContaining('actor must be text of 1 to 255 characters'),
    });
  });
});

describe('laaffic outbox drain', () => {
  /** A request without a response. */
  async function inFlight() {
    line.hold();
    await outbox.enqueue({ to: '918563210001', content: 'x' });
    await until(async () => (await outbox.getStats()).sending === 1);
  }
  it('pauses both lanes, and ends when nothing is in flight', async () => {
    await inFlight();
    const draining = run('drain', '--actor', 'alice', '--reason', 'moving');
    await until(async () => (await outbox.getStats()).pausedLanes.length === 2);
    await outbox.enqueue({ to: '918563210002', content: 'x' });
    line.release();
    expect(await draining).toEqual({
      code: 0,
      stdout: 'nothing is sending; both lanes are paused, with 1 recipient due\n',
      stderr: expect.stringMatching(/^(laaffic: waiting for the responses to 1 recipient\n)?$/),
    });
    expect(JSON.parse((await run('drain', '--json')).stdout)).toEqual({ sending: 0, backlog: 1 });
  });

  it('stops waiting at a signal and leaves the lanes paused', async () => {
    await inFlight();
    const stop = new AbortController();
    const draining = laaffic(['outbox', 'drain'], { env: { DATABASE_URL: stage.database.url }, stop });
    await until(async () => (await outbox.getStats()).pausedLanes.length === 2);
    stop.abort('SIGTERM');
    const { code, stdout, stderr } = await draining;
    expect({ code, stdout }).toEqual({ code: 143, stdout: '' });
    expect(lines(stderr).at(-1)).toBe('laaffic: stopped waiting; both lanes stay paused: laaffic outbox resume');
    expect((await outbox.getStats()).pausedLanes).toHaveLength(2);
  });
});

describe('the account', () => {
  const schema = ['--schema', 'accounts'];

  it('is the only one, or one of several that --account names', async () => {
    await run('migrate', ...schema);
    const none = await run('held', ...schema);
    const status = await run('status', ...schema);
    await stage.query(`insert into account (id) values ('app-2'), ('app-1')`, [], 'accounts');
    const several = await run('pause', ...schema);
    const unknown = await run('pause', ...schema, '--account', 'app-3');
    const chosen = await run('pause', 'bulk', ...schema, '--account', 'app-2');
    const rows = await stage.query('select account, lane from lane_control', [], 'accounts');
    const accounts = await stage.query('select id from account order by id', [], 'accounts');
    const message = (text: string) => ({ code: 1, stdout: '', stderr: `laaffic: the schema accounts ${text}\n` });
    expect(none).toEqual(message('has no account yet: start the app that sends'));
    expect(lines(status.stdout).at(-1)).toBe('account  none');
    expect(several).toEqual(message('has several accounts: choose one with --account: app-1, app-2'));
    expect(unknown).toEqual(message('has no account "app-3", but app-1, app-2'));
    expect(chosen).toEqual({ code: 0, stdout: 'bulk paused\n', stderr: '' });
    expect(rows).toEqual([{ account: 'app-2', lane: 'bulk' }]);
    expect(accounts).toEqual([{ id: 'app-1' }, { id: 'app-2' }]);
  });
});

describe('the database', () => {
  const status = (DATABASE_URL: string | undefined, ...more: string[]) =>
    laaffic(['outbox', 'status', ...more], { env: { DATABASE_URL } });

  it('can be in the file of --env-file', async () => {
    writeFileSync(folder.file('outbox.env'), `DATABASE_URL=${stage.database.url}\n`);
    expect((await status(undefined, '--env-file', folder.file('outbox.env'))).code).toBe(0);
  });

  it.each([
    [undefined, 'set DATABASE_URL to the PostgreSQL URL of the outbox'],
    ['mysql://localhost/x', 'DATABASE_URL must begin with postgres://'],
    ['postgres://u:secretword@[/x', 'DATABASE_URL is not a valid URL'],
  ])('is rejected if its URL is %j (exit code 1)', async (url, message) => {
    expect(await status(url)).toEqual({ code: 1, stdout: '', stderr: `laaffic: ${message}\n` });
  });

  it('that does not exist is a wrong setting (exit code 1)', async () => {
    const url = new URL(stage.database.url);
    url.pathname = '/nowhere';
    expect(await status(url.href)).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: 'laaffic: the database of DATABASE_URL: database "nowhere" does not exist\n',
    });
  });

  it('that cannot be reached is worth a retry (exit code 4), and its password is not printed', async () => {
    const { code, stdout, stderr } = await status('postgres://u:secret%20word@127.0.0.1:1/x');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain('ECONNREFUSED');
    const host = await status('postgres://secret-word.invalid/x');
    expect(host.stderr).not.toContain('word');
    expect(host.code).toBe(4);
  });

  it('leaves no connection behind', async () => {
    await run('status');
    const left = () =>
      stage.query(`select from pg_stat_activity where application_name = 'laaffic-cli'
      and datname = current_database()`);
    // A session of the server ends a moment after its client.
    expect(await until(left, (rows) => rows.length === 0)).toEqual([]);
  });
});

it.each<[string[], string]>([
  [[], 'outbox needs one of migrate, status, plan, rollback, held, pause, resume, drain'],
  [['purge'], 'outbox needs one of migrate, status, plan, rollback, held, pause, resume, drain'],
  [['rollback'], 'outbox rollback needs the version to return to, such as 1'],
  [['rollback', 'one'], 'outbox rollback needs the version to return to, such as 1'],
  [['pause', 'fast'], 'outbox pause takes the lane priority or bulk, or none for both'],
  [['drain', 'bulk'], 'outbox drain takes no arguments'],
  [['status', '--schema', 'Up'], '--schema must be lower-case letters, digits and underscores, at most 50'],
  [['status', '--reason', 'x'], "Unknown option '--reason'"],
])('laaffic outbox %j is rejected (exit code 1)', async (argv, message) => {
  expect(await run(...argv)).toEqual({ code: 1, stdout: '', stderr: `laaffic: ${message} (see laaffic --help)\n` });
});
