import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import pg from 'pg';
import { startApp } from '../outbox/app.mjs';
import { installPeers } from '../peers.mjs';
import { median, table } from '../report.mjs';
import { approvalsAtOnce, approvalsBesideGuesses, guessesGranted, wrongCode } from './judge.mjs';
import { codeIn, PURPOSE, startSubject, startVerification } from './subject.mjs';

const CONNECTIONS = 16;
const CALLS = 1_500;
const ROUNDS = 5;
const PACED = { perSecond: 100, seconds: 10 };
const JUDGED = 20;
const SLOW_COMMIT_MS = 4;
/** In an hour. */
const MOST_CODES = 200;

/** Starts and checks beside a bare commit and a bare message, and beside the plugin of Better Auth. */
export async function verify() {
  installPeers();
  const folder = mkdtempSync(join(tmpdir(), 'laaffic-bench-'));
  // For root, the server runs as another user, who has to enter.
  chmodSync(folder, 0o755);
  const server = await EmbeddedPostgres.start({ dataDir: folder });
  try {
    return await onServer(server.url);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onServer(url) {
  const { startBetterAuth } = await import('./better-auth.mjs');
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  // The server may end before all connections have noticed.
  pool.on('error', () => undefined);
  const options = { database: url, connections: CONNECTIONS + 1, worker: false, sealKeys: [randomBytes(32)] };
  // Nothing is sent, so there is no gateway.
  const app = await startApp('http://127.0.0.1:9/v3', options);
  try {
    await pool.query('create table bare (id uuid primary key, content text not null)');
    const parts = { pool, app, theirs: await startBetterAuth(pool) };
    const atOnce = await throughput(parts);
    const pacedStarts = await paced(parts);
    const judgement = await judged(parts);
    await slowDownCommits(pool);
    const slow = `Where a commit takes ${SLOW_COMMIT_MS} ms: ${await throughput(parts)}`;
    return [atOnce, slow, pacedStarts, judgement].join('\n\n');
  } finally {
    await app.close();
    await pool.end();
  }
}

/** As a disk does that is slower than this machine's, such as one behind a network. */
async function slowDownCommits(pool) {
  await pool.query(`alter system set commit_delay = ${SLOW_COMMIT_MS * 1_000}`);
  await pool.query('alter system set commit_siblings = 0');
  await pool.query('select pg_reload_conf()');
}

const PREFIXES = ['1', '2', '3'].flatMap((digit) => Array.from({ length: 10 }, (_, next) => `${digit}${next}`));
PREFIXES.push('40', '41', '43', '44', '46', '47', '48', '49', '71', '72', '73', '75', '76', '80', '81', '90', '94');
let numbers = 0;
/** British mobile numbers, the next one always in another range: starts that are not approved block no range. */
function newNumber() {
  const count = numbers++;
  const range = `${PREFIXES[count % PREFIXES.length]}${Math.floor(count / PREFIXES.length) % 10}`;
  return `+447${range}${String(count).padStart(6, '0')}`;
}

async function throughput({ pool, app, theirs }) {
  const outbox = app.get(SmsOutbox);
  const verification = await startVerification(app);
  const withoutMessages = await startVerification(app, { sends: false });
  const startOf = (service) => (to) => service.start({ to, purpose: PURPOSE });
  const startAll = async () => {
    const codes = new Map();
    const onMessage = (message) => codes.set(message.to, codeIn(message));
    const service = await startVerification(app, { onMessage, sends: false });
    const checks = [];
    await atOnce(newNumbers(), async (number) => {
      const { id } = await service.start({ to: number, purpose: PURPOSE });
      checks.push({ service, id, purpose: PURPOSE, code: codes.get(number) });
    });
    return checks;
  };
  const check = ({ service, ...request }) => service.check(request);
  const rejected = (error) => {
    if (!['VERIFY_COOLDOWN', 'VERIFY_REJECTED'].includes(error.code)) throw error;
  };
  const ways = {
    'insert and commit': {
      call: (content) =>
        pool.query({ name: 'bare', text: 'insert into bare values ($1, $2)', values: [randomUUID(), content] }),
    },
    'check, right code': { prepare: startAll, call: check },
    'check, wrong code': { prepare: startAll, call: (one) => check({ ...one, code: wrongCode(one.code) }) },
    'start without its message': { call: startOf(withoutMessages) },
    'start with its message': { call: startOf(verification) },
    'outbox.enqueue of the same message': {
      call: (to) =>
        outbox.enqueue(
          { to, content: 'Your Example code is 123456. It is valid for 10 minutes.' },
          { lane: 'priority', sealed: true, onUnconfirmed: 'abandon', idempotencyKey: `verification ${to}` },
        ),
    },
    'rejected start, too soon': {
      prepare: async () => {
        const list = newNumbers();
        await atOnce(list, startOf(withoutMessages));
        return list;
      },
      call: (to) => startOf(withoutMessages)(to).catch(rejected),
    },
    'rejected start, range blocked': {
      prepare: async () => {
        const list = newNumbers();
        const ranges = [...new Set(list.map((number) => `${number.slice(0, 7)}xxxxxx`))];
        await pool.query(
          `insert into laaffic_verify.number_range (key, score, at, blocked_until)
            select key, 0, now(), now() + interval '1 hour' from unnest($1::text[]) key`,
          [ranges],
        );
        return list;
      },
      call: (to) => startOf(withoutMessages)(to).catch(rejected),
    },
    'Better Auth, start without its message': { call: (number) => theirs.start(number) },
    'Better Auth, check of a right code': {
      prepare: async () => {
        const list = newNumbers();
        await atOnce(list, (number) => theirs.start(number));
        return list;
      },
      call: (number) => theirs.check(number, theirs.codeOn(number)),
    },
    'Better Auth, check of a wrong code': {
      prepare: async () => {
        const list = newNumbers();
        await atOnce(list, (number) => theirs.start(number));
        return list;
      },
      call: (number) => theirs.check(number, wrongCode(theirs.codeOn(number))),
    },
  };
  const rates = await measured(pool, ways);
  const [bare, message] = [rates['insert and commit'], rates['outbox.enqueue of the same message']];
  const rows = Object.entries(rates).map(([name, rate]) => [
    ...[name, rate.perSecond.toFixed(0), (rate.perSecond / bare.perSecond).toFixed(2)],
    ...[(rate.perSecond / message.perSecond).toFixed(2), rate.cpu.toFixed(0)],
  ]);
  const head = ['', 'a second', 'of the commit', 'of enqueue', 'CPU µs of the process'];
  const title = `${CALLS} calls, ${CONNECTIONS} connections (median of ${ROUNDS})`;
  return `${title}\n\n${table(head, rows)}`;
}

const newNumbers = () => Array.from({ length: CALLS }, newNumber);

/** Calls per second of each way. The ways take turns, so all of them see the same machine. */
async function measured(pool, ways) {
  const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, { prepare = newNumbers, call }] of Object.entries(ways)) {
      await empty(pool);
      const list = await prepare();
      await pool.query('checkpoint');
      const [began, cpu] = [performance.now(), process.cpuUsage()];
      await atOnce(list, call);
      const { user, system } = process.cpuUsage(cpu);
      const perSecond = (list.length / (performance.now() - began)) * 1_000;
      // The first round prepares statements and warms up the code.
      if (round > 0) runs[name].push({ perSecond, cpu: (user + system) / list.length });
    }
  }
  const of = (list, key) => median(list.map((run) => run[key]));
  return Object.fromEntries(
    Object.entries(runs).map(([name, list]) => [name, { perSecond: of(list, 'perSecond'), cpu: of(list, 'cpu') }]),
  );
}

async function empty(pool) {
  await pool.query(`truncate bare, verification, laaffic_verify.verification, laaffic_verify.phone,
    laaffic_verify.number_range, laaffic_verify.quota, laaffic_verify.traffic, laaffic_verify.traffic_delta, laaffic_outbox.chunk, laaffic_outbox.idempotency_key`);
}

async function atOnce(list, call) {
  let next = 0;
  const work = async () => {
    while (next < list.length) await call(list[next++]);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

/** How long starts take that come at a pace of their own. */
async function paced({ pool, app }) {
  await empty(pool);
  const verification = await startVerification(app);
  const times = [];
  const calls = [];
  const began = performance.now();
  for (let call = 0; call < PACED.perSecond * PACED.seconds; call++) {
    const due = began + (call * 1_000) / PACED.perSecond;
    const early = due - performance.now();
    if (early > 0) await wait(early);
    const to = newNumber();
    // From when it was due: a slow start must not hide how long the next ones had to wait.
    calls.push(verification.start({ to, purpose: PURPOSE }).then(() => times.push(performance.now() - due)));
  }
  await Promise.all(calls);
  times.sort((a, b) => a - b);
  const at = (share) => `${times[Math.floor(times.length * share)].toFixed(1)} ms`;
  return `Starts with their messages, ${PACED.perSecond} a second: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}.`;
}

/** Both by the same judge. */
async function judged({ pool, app, theirs }) {
  await empty(pool);
  let skew = 0;
  const ours = await startSubject(app, () => Date.now() + skew);
  const rows = [];
  for (const [name, subject] of [
    ['nestjs-laaffic-verify', ours],
    ['Better Auth, phone-number plugin', theirs],
  ]) {
    const { mean, most } = await approvalsAtOnce(subject, newNumber, JUDGED);
    const beside = await approvalsBesideGuesses(subject, newNumber, JUDGED);
    const guesses = await guessesGranted(subject, newNumber(), 10);
    const inAnHour = await guessesGranted(subject, newNumber(), MOST_CODES, (ms) => (skew += ms));
    const shown = inAnHour > MOST_CODES ? `more than ${MOST_CODES}` : String(inAnHour);
    rows.push([name, `${mean.toFixed(1)} (${most})`, `${Math.round(beside * 100)} %`, String(guesses), shown]);
  }
  const head = [
    ...[
      '',
      'approvals of one right code, 100 times at once: mean (most)',
      'a right code beside two wrong ones is approved',
    ],
    ...['guesses at once, with up to ten new codes', 'guesses within an hour, with any number of codes'],
  ];
  return table(head, rows);
}
