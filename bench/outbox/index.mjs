import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SmsCampaigns, SmsOutbox } from 'nestjs-laaffic-outbox';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import pg from 'pg';
import { ACCOUNT, CONTENT, numbers } from '../bulk/plan.mjs';
import { installPeers } from '../peers.mjs';
import { median, table } from '../report.mjs';
import { startApp } from './app.mjs';
import { readProgress } from '../../libs/laaffic-outbox/dist/esm/sql/generated.js';
import { reports } from './reports.mjs';
import { besideSnapshot } from './snapshot.mjs';

const RECIPIENTS = 1_000_000;
const OTPS = 300;

/** A million recipients with every step stored, beside the same with nothing stored. */
export async function outbox() {
  installPeers();
  const { outboxUnderKills } = await import('./kills.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'laaffic-bench-'));
  // For root, the server runs as another user, who has to enter.
  chmodSync(folder, 0o755);
  const server = await EmbeddedPostgres.start({ dataDir: folder });
  const gateway = fork(new URL('../gateway.mjs', import.meta.url));
  const [port] = await once(gateway, 'message');
  const baseUrl = `http://127.0.0.1:${port}/v3`;
  const pool = new pg.Pool({ connectionString: server.url });
  const producer = await startApp(baseUrl, { database: server.url, worker: false });
  const parts = { baseUrl, url: server.url, pool, gateway, producer };
  try {
    const bulk = await sendBulk(baseUrl);
    const rows = [];
    for (const processes of [1, 2]) rows.push(await campaign(parts, processes));
    const booked = await reports(parts, rows[0].id);
    const progress = await progressTimes(parts, rows[0].id);
    const snapshot = await besideSnapshot(parts, async () => {
      const workers = await startWorkers(1, baseUrl, server.url);
      return () => endWorkers(workers);
    });
    const bullMq = await withBullMq(parts);
    const otp = await oneTimePasswords(parts);
    const stored = median(rows.map(({ stored }) => stored));
    const head = ['', 'recipients/s', 'of sendBulk', 'until each has its row', 'CPU µs a recipient, workers'];
    const campaigns = rows.map(({ processes, perSecond, withRows, cpu }) => [
      `campaign, ${processes} worker process${processes === 1 ? '' : 'es'}`,
      perSecond.toFixed(0),
      (perSecond / bulk.perSecond).toFixed(2),
      withRows.toFixed(0),
      cpu.toFixed(2),
    ]);
    return [
      `${RECIPIENTS} recipients, 1,000 a request, PostgreSQL on the same machine`,
      '',
      table(head, [
        ['sendBulk, nothing stored', bulk.perSecond.toFixed(0), '1.00', '', bulk.cpu.toFixed(2)],
        ...campaigns,
        bullMqRow(bullMq, bulk),
      ]),
      '',
      `Campaigns are stored at ${stored.toFixed(0)} recipients/s.`,
      '',
      booked,
      '',
      progress,
      '',
      snapshot,
      '',
      `OTP from COMMIT to the gateway's socket while a campaign runs at full rate: ${otp}`,
      '',
      await outboxUnderKills(),
    ].join('\n');
  } finally {
    await producer.close();
    await pool.end();
    gateway.kill();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sendBulk(baseUrl) {
  const runs = [];
  for (let run = 0; run < 3; run++) {
    const child = fork(new URL('../bulk/case.mjs', import.meta.url), ['send-bulk', baseUrl, RECIPIENTS], {
      execArgv: ['--expose-gc'],
    });
    const [result] = await once(child, 'message');
    runs.push(result);
  }
  return { perSecond: median(runs.map((run) => run.perSecond)), cpu: median(runs.map((run) => run.cpu)) };
}

async function campaign({ baseUrl, url, pool, producer }, processes) {
  const campaigns = producer.get(SmsCampaigns);
  const storing = performance.now();
  const { id } = await campaigns.create({ name: 'bench', content: CONTENT, recipients: numbers(RECIPIENTS) });
  const stored = RECIPIENTS / seconds(storing);
  const workers = await startWorkers(processes, baseUrl, url);
  const started = performance.now();
  await campaigns.start(id);
  await untilSent(pool, id);
  const perSecond = RECIPIENTS / seconds(started);
  await untilFlushed(pool);
  const withRows = RECIPIENTS / seconds(started);
  const used = await endWorkers(workers);
  await pool.query('vacuum analyze');
  return { id, processes, stored, perSecond, withRows, cpu: used / RECIPIENTS };
}

/**
 * What the statement of `getProgress` takes in the database. The large campaign has its reports, and a worker has added up
 * what they changed, as it does every second.
 */
async function progressTimes({ baseUrl, url, pool, producer }, large) {
  const workers = await startWorkers(1, baseUrl, url);
  const waiting = 'select exists (select from laaffic_outbox.count_delta) as is';
  while ((await pool.query(waiting)).rows[0].is) await wait(50);
  await endWorkers(workers);
  const campaigns = producer.get(SmsCampaigns);
  const { id: small } = await campaigns.create({
    name: 'small',
    content: CONTENT,
    recipients: numbers(RECIPIENTS / 10),
  });
  const text = readProgress.text.replaceAll(/\boutbox\./g, 'laaffic_outbox.');
  const times = [];
  for (const id of [large, small]) {
    const runs = [];
    for (let run = 0; run < 9; run++) {
      const { rows } = await pool.query(`explain (analyze, format json) ${text}`, [ACCOUNT.appId, id]);
      runs.push(rows[0]['QUERY PLAN'][0]['Execution Time']);
    }
    times.push(median(runs).toFixed(2));
  }
  return `Progress of ${RECIPIENTS} recipients: ${times[0]} ms in the database; of ${RECIPIENTS / 10}: ${times[1]} ms.`;
}

/** Single messages beside a campaign, each in a transaction of an app. */
async function oneTimePasswords({ baseUrl, url, pool, gateway, producer }) {
  const campaigns = producer.get(SmsCampaigns);
  const outbox = producer.get(SmsOutbox);
  const arrivals = new Map();
  const note = (message) => void (message.number && arrivals.set(message.number, message.at));
  gateway.on('message', note);
  const { id } = await campaigns.create({ name: 'bench', content: CONTENT, recipients: numbers(5 * RECIPIENTS) });
  const workers = await startWorkers(2, baseUrl, url);
  try {
    await campaigns.start(id);
    await wait(500);
    const committed = await enqueueBeside(outbox, pool);
    const { rows } = await pool.query(
      `select count(*)::int as open from laaffic_outbox.chunk where campaign_id = $1 and state = 'pending'`,
      [id],
    );
    if (rows[0].open === 0) throw new Error('the campaign was over before the last OTP');
    while (arrivals.size < OTPS) await wait(20);
    return spread([...committed].map(([number, at]) => arrivals.get(number) - at));
  } finally {
    await campaigns.cancel(id);
    await endWorkers(workers);
    gateway.off('message', note);
  }
}

/** Messages at a pace of their own. @returns when each was committed. */
async function enqueueBeside(outbox, pool) {
  const client = await pool.connect();
  const committed = new Map();
  for (let otp = 0; otp < OTPS; otp++) {
    const number = `7700${1_000_000 + otp}`;
    await client.query('begin');
    await outbox.enqueue({ to: number, content: 'Your code is 123456' }, { transaction: client });
    committed.set(number, performance.timeOrigin + performance.now());
    await client.query('commit');
    await wait(20);
  }
  client.release();
  return committed;
}

function spread(delays) {
  delays.sort((a, b) => a - b);
  const at = (share) => delays[Math.floor(delays.length * share)].toFixed(1);
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, most ${delays.at(-1).toFixed(1)} ms (${OTPS} messages)`;
}

/** As many jobs as the campaign has chunks, two workers of six jobs at once. */
async function withBullMq({ baseUrl, url }) {
  const { addAll, openQueue, startWorker, untilDone } = await import('./bullmq.mjs');
  const { connection, queue } = await openQueue(url, 'bullmq_bench');
  await queue.pause();
  await addAll(queue, numbers(RECIPIENTS));
  const workers = [await startWorker(baseUrl, connection, 30_000), await startWorker(baseUrl, connection, 30_000)];
  const started = performance.now();
  await queue.resume();
  await untilDone(queue);
  const perSecond = RECIPIENTS / seconds(started);
  for (const worker of workers) {
    worker.send('end');
    await once(worker, 'exit');
  }
  await queue.close();
  return perSecond;
}

function bullMqRow(perSecond, bulk) {
  return [
    'BullMQ on PostgreSQL, 2 worker processes',
    perSecond.toFixed(0),
    (perSecond / bulk.perSecond).toFixed(2),
    '',
  ];
}

async function startWorkers(count, baseUrl, url) {
  const workers = Array.from({ length: count }, () => fork(new URL('./worker.mjs', import.meta.url), [baseUrl, url]));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return workers;
}

/** @returns the microseconds of CPU that they used. */
async function endWorkers(workers) {
  let used = 0;
  for (const worker of workers) {
    worker.send('end');
    const [{ cpu }] = await once(worker, 'message');
    used += cpu;
    await once(worker, 'exit');
  }
  return used;
}

async function untilSent(pool, id) {
  const text = `select exists (select from laaffic_outbox.chunk where campaign_id = $1 and state in ('pending', 'sending')) as is`;
  while ((await pool.query(text, [id])).rows[0].is) await wait(50);
}

async function untilFlushed(pool) {
  const text = 'select exists (select from laaffic_outbox.pending_result) as is';
  while ((await pool.query(text)).rows[0].is) await wait(50);
}

function seconds(since) {
  return (performance.now() - since) / 1000;
}
