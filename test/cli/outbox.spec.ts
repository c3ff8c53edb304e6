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

describe('laaffic outbox erase', () => {
  it('removes a number, and prints where it cannot yet', async () => {
    const { id } = await outbox.send({ to: '918563210001', content: 'x' });
    const later = new Date(Date.now() + 86_400_000);
    const waiting = await outbox.enqueue({ to: '918563210001', content: 'x' }, { sendAt: later });

    expect(await run('erase', '+91 85632 10001', '--actor', 'alice')).toEqual({
      code: 0,
      stdout: `erased 1 recipient\nnot finished: message ${waiting.id} position 0\n`,
      stderr: '',
    });
    expect(JSON.parse((await run('erase', '918563210001', '--json')).stdout)).toEqual({
      erased: 0,
      open: [{ messageId: waiting.id, position: 0 }],
    });
    expect((await outbox.find(id))?.recipients[0]?.number).toBeUndefined();
    const history = await stage.query('select actor, detail from history where event = $1', ['erased']);
    expect(history).toEqual([{ actor: 'alice', detail: '1 recipients' }]);
  });

  it('rejects what is not a number (exit code 1)', async () => {
    const { code, stdout, stderr } = await run('erase', '12');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('number must be a phone number with country code');
  });
});

describe('laaffic outbox restored', () => {
  const restored = (...more: string[]) =>
    run('restored', '--schema', 'copy', '--backup-at', '2026-11-30T02:00Z', ...more);

  it('marks what was due as unknown, and can be repeated', async () => {
    await run('migrate', '--schema', 'copy');
    const add = (campaign: number | null) =>
      stage.query(
        `insert into copy.chunk (account, lane, size, numbers, content, campaign_id) values ('a', 'bulk', 2, '918563210001,918563210002', 'x', $1)`,
        [campaign],
      );
    await stage.query(`insert into copy.account (id) values ('a')`);
    await stage.query(
      `insert into copy.campaign (account, name, content, state, chunk_size) values ('a', 'x', 'x', 'draft', 1000)`,
    );
    const [{ id } = { id: '' }] = await stage.query<{ id: string }>('select id from copy.campaign');
    await add(null);
    await add(Number(id));
    expect(await restored('--not-started', id)).toEqual({
      code: 0,
      stdout: '2 recipients in 1 chunk may have been sent after the backup: unknown now\n',
      stderr: '',
    });
    expect(await stage.query('select state, attempt, sent_at from copy.chunk order by id')).toEqual([
      { state: 'unknown', attempt: 1, sent_at: new Date('2026-11-30T02:00:00Z') },
      { state: 'pending', attempt: 0, sent_at: null },
    ]);
    expect(JSON.parse((await restored('--not-started', id, '--json')).stdout)).toEqual({ chunks: 0, recipients: 0 });
  });

  it('is rejected while a process runs (exit code 1)', async () => {
    await stage.query(
      `insert into turn values ('4luaKsL2', 'x', clock_timestamp()) on conflict (account, task) do update set taken_at = excluded.taken_at`,
    );
    const { code, stderr } = await run('restored', '--backup-at', '2026-11-30T02:00:00Z');
    expect(code).toBe(1);
    expect(stderr).toContain('stop all processes first');
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
  [[], 'outbox needs one of migrate, status, plan, rollback, held, pause, resume, drain, restored, erase'],
  [['purge'], 'outbox needs one of migrate, status, plan, rollback, held, pause, resume, drain, restored, erase'],
  [['rollback'], 'outbox rollback needs the version to return to, such as 1'],
  [['rollback', 'one'], 'outbox rollback needs the version to return to, such as 1'],
  [['pause', 'fast'], 'outbox pause takes the lane priority or bulk, or none for both'],
  [['drain', 'bulk'], 'outbox drain takes no arguments'],
  [['erase'], 'outbox erase needs one number'],
  [['erase', '918563210001', '918563210002'], 'outbox erase needs one number'],
  [['restored'], 'outbox restored needs the time of the backup: --backup-at 2026-11-30T02:00:00Z'],
  [
    ['restored', '--backup-at', '2026-11-30 02:00'],
    'outbox restored needs the time of the backup: --backup-at 2026-11-30T02:00:00Z',
  ],
  [
    ['restored', '--backup-at', '2026-13-30T02:00:00Z'],
    'outbox restored needs the time of the backup: --backup-at 2026-11-30T02:00:00Z',
  ],
  [
    ['restored', '--backup-at', '2026-11-30T02:00:00Z', '--not-started', '7;8'],
    '--not-started must be ids of campaigns, such as 7,8',
  ],
  [['status', '--schema', 'Up'], '--schema must be lower-case letters, digits and underscores, at most 50'],
  [['status', '--reason', 'x'], "Unknown option '--reason'"],
])('laaffic outbox %j is rejected (exit code 1)', async (argv, message) => {
  expect(await run(...argv)).toEqual({ code: 1, stdout: '', stderr: `laaffic: ${message} (see laaffic --help)\n` });
});
