import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import pg from 'pg';
import { ACCOUNT } from '../bulk/plan.mjs';
import { installPeers } from '../peers.mjs';
import { table } from '../report.mjs';

/** In milliseconds. Node accepts one connection in each turn of its event loop, so that of 2,000 callers takes a while. */
const [WARM_UP, MEASURE] = [20_000, 15_000];
const CALLERS = [50, 1_000, 2_000];
const [RESULTS, DOWNLOADS, IDLE_READERS, WATCHERS] = [60_000, 50, 300, 1_000];
const SERVICE = new URL('../../dist/main.js', import.meta.url);
const PEER = new URL('./bullmq-app.mjs', import.meta.url);

const LEGEND = `How it is judged. Every row is a fresh database and a fresh process of the service; service, gateway, PostgreSQL,
callers and readers share the machine. A caller sends its next message as soon as the one before is answered; one that is
rejected with 503 waits as long as \`Retry-After\` says. \`sent/s\`: messages that the gateway accepted in ${MEASURE / 1000} s,
after ${WARM_UP / 1000} s in which all connect. \`taken/s\`: answers 201 and 202 in that time. \`p50\`, \`p99\`: from the request to its answer, of
those that were taken. \`503\`: the share of all answers. \`tx/msg\`: transactions of the database for each message sent.
\`CPU ms/msg\`: what the process used for each message sent; the surest of all on a machine that has other work.
\`of best\`: sent/s beside the best row of the same subject and kind without readers. \`p99 ratio\`: p99 beside that of
${CALLERS[0]} callers. With readers: ${DOWNLOADS} downloads of ${RESULTS} results without a pause, ${IDLE_READERS} more that nobody reads, ${WATCHERS} watchers of a
campaign's events. Wanted of the service: at ${CALLERS.at(-1)} callers at least 0.8 of the best, p99 at most 3 times that of ${CALLERS[0]}.`;

/** Single messages over HTTP by more and more callers, beside a plain controller that adds a job of BullMQ. */
export async function service() {
  installPeers();
  const folder = mkdtempSync(join(tmpdir(), 'laaffic-bench-'));
  const server = await EmbeddedPostgres.start({ dataDir: folder, settings: { max_connections: '200' } });
  const sandbox = fork(new URL('./sandbox.mjs', import.meta.url));
  const { url: gatewayUrl } = await messageOf(sandbox);
  const admin = new pg.Pool({ connectionString: server.url, max: 2 });
  const parts = { server, sandbox, gatewayUrl, admin };
  try {
    const rows = [];
    for (const subject of ['service', 'BullMQ']) {
      for (const kind of ['sync', 'async']) {
        for (const callers of CALLERS) rows.push(await measure(parts, { subject, kind, callers }));
      }
    }
    for (const kind of ['sync', 'async']) {
      rows.push(await measure(parts, { subject: 'service', kind, callers: CALLERS[0], withReaders: true }));
    }
    return [tableOf(rows), '', LEGEND].join('\n');
  } finally {
    await admin.end();
    sandbox.kill();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a process says next. */
async function messageOf(child) {
  const over = new AbortController();
  const [message] = await Promise.race([
    once(child, 'message', { signal: over.signal }),
    once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
      throw new Error(`${child.spawnargs.at(1)} ended: ${code ?? signal}`);
    }),
  ]).finally(() => over.abort());
  return message;
}

let databases = 0;

/** One row: a fresh database and process, so many callers. */
async function measure({ server, sandbox, gatewayUrl, admin }, plan) {
  const name = `bench_service_${process.pid}_${databases++}`;
  await admin.query(`create database ${name}`);
  const database = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  const { url, child } = await start(plan.subject, database, gatewayUrl);
  let readers;
  try {
    if (plan.withReaders === true) readers = await startReaders(url);
    const args = [`${url}/v1/messages`, plan.callers, plan.kind, WARM_UP, MEASURE];
    const callers = fork(new URL('./callers.mjs', import.meta.url), args);
    await messageOf(callers);
    const before = await counts(sandbox, admin, name, child.pid);
    const answers = await messageOf(callers);
    const after = await counts(sandbox, admin, name, child.pid);
    const sent = after.accepted - before.accepted;
    const seconds = (after.at - before.at) / 1000;
    const all = Object.values(answers.statuses).reduce((sum, times) => sum + times, 0);
    return {
      ...plan,
      statuses: answers.statuses,
      sent: sent / seconds,
      taken: answers.taken / (MEASURE / 1000),
      p50: answers.p50,
      p99: answers.p99,
      rejected: (answers.statuses[503] ?? 0) / all,
      transactions: (after.transactions - before.transactions) / sent,
      cpu: (after.cpu - before.cpu) / sent,
    };
  } finally {
    readers?.kill();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await admin.query(`drop database ${name} with (force)`);
  }
}

async function counts(sandbox, admin, name, pid) {
  sandbox.send('counts');
  const { accepted } = await messageOf(sandbox);
  const { rows } = await admin.query(
    'select (xact_commit + xact_rollback)::int as transactions from pg_stat_database where datname = $1',
    [name],
  );
  return { accepted, transactions: rows[0].transactions, cpu: cpuOf(pid), at: performance.now() };
}

/** Milliseconds of CPU that a process has used; unknown where there is no /proc. */
function cpuOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}

async function start(subject, database, gatewayUrl) {
  const port = await freePort();
  const env = {
    ...process.env,
    PORT: String(port),
    DATABASE_URL: database,
    LAAFFIC_APP_ID: ACCOUNT.appId,
    LAAFFIC_API_KEY: ACCOUNT.apiKey,
    LAAFFIC_API_SECRET: ACCOUNT.apiSecret,
    LAAFFIC_BASE_URL: gatewayUrl,
  };
  const script = subject === 'service' ? SERVICE : PEER;
  const child = spawn(process.execPath, [script.pathname], { env, stdio: ['ignore', 'ignore', 'ignore'] });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the ${subject} did not start`);
    const answer = await fetch(`${url}/health/live`).catch(() => undefined);
    if (answer !== undefined) return { url, child };
    await wait(100);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** A campaign that is sent, to download, and one that is not over, to watch. */
async function startReaders(url) {
  const done = await createCampaign(url);
  await post(`${url}/v1/campaigns/${done}/start`);
  while ((await progressOf(url, done)).state !== 'done') await wait(200);
  const running = await createCampaign(url);
  await post(`${url}/v1/campaigns/${running}/start`);
  while ((await progressOf(url, running)).accepted < RESULTS / 3) await wait(10);
  await post(`${url}/v1/campaigns/${running}/pause`);
  const args = [url, done, running, DOWNLOADS, IDLE_READERS, WATCHERS];
  const readers = fork(new URL('./readers.mjs', import.meta.url), args);
  await messageOf(readers);
  return readers;
}

async function createCampaign(url) {
  const body = Array.from({ length: RESULTS }, (_, i) => 918_400_000_000 + i).join('\n');
  const query = new URLSearchParams({ name: 'bench', content: 'Your table is booked' });
  const headers = { 'Content-Type': 'text/csv' };
  const { id } = await post(`${url}/v1/campaigns?${query}`, { headers, body: `number\n${body}\n` });
  return id;
}

async function progressOf(url, id) {
  const { progress } = await (await fetch(`${url}/v1/campaigns/${id}`)).json();
  return progress;
}

async function post(url, init = {}) {
  const answer = await fetch(url, { method: 'POST', ...init });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

function tableOf(rows) {
  const head = [
    '',
    'callers',
    'sent/s',
    'of best',
    'taken/s',
    'p50 ms',
    'p99 ms',
    'p99 ratio',
    '503',
    'tx/msg',
    'CPU ms/msg',
  ];
  const shown = rows.map((row) => {
    const alike = rows.filter(
      ({ subject, kind, withReaders }) => subject === row.subject && kind === row.kind && !withReaders,
    );
    const best = Math.max(...alike.map(({ sent }) => sent));
    const p99 = alike.find(({ callers }) => callers === CALLERS[0])?.p99;
    return [
      `${row.subject}, ${row.kind}${row.withReaders === true ? ', with readers' : ''}`,
      row.callers,
      row.sent.toFixed(0),
      (row.sent / best).toFixed(2),
      row.taken.toFixed(0),
      row.p50?.toFixed(0) ?? '-',
      row.p99?.toFixed(0) ?? '-',
      (row.p99 / p99).toFixed(1),
      `${(row.rejected * 100).toFixed(0)} %`,
      row.transactions.toFixed(1),
      row.cpu.toFixed(1),
    ];
  });
  return table(head, shown);
}
