import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { createPostgresBackend, Queue, runMigrations } from 'bullmq';
import pg from 'pg';

const CHUNK = 1_000;
/** What the manual recommends for calls over the network. */
const JOB = { attempts: 5, backoff: { type: 'exponential', delay: 200 } };

/** A queue of one job for each chunk, in a database of its own; workers are started by the caller. */
export async function openQueue(url, name) {
  const admin = new pg.Client(url);
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const connection = Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const client = new pg.Client(connection);
  await client.connect();
  await runMigrations(client);
  await client.end();
  const queue = new Queue('campaign', { connection, defaultJobOptions: JOB }, createPostgresBackend);
  queue.on('error', () => undefined);
  return { connection, queue };
}

/** Adds all recipients, in jobs that have their place as id, so that none is added twice. */
export async function addAll(queue, numbers) {
  let chunk = [];
  let jobs = [];
  const flush = async () => {
    if (chunk.length > 0) jobs.push({ name: 'send', data: { numbers: chunk } });
    chunk = [];
    await queue.addBulk(jobs);
    jobs = [];
  };
  for (const number of numbers) {
    if (chunk.push(number) < CHUNK) continue;
    jobs.push({ name: 'send', data: { numbers: chunk } });
    chunk = [];
    if (jobs.length === 100) await flush();
  }
  await flush();
}

export async function startWorker(baseUrl, connection, timeout) {
  const worker = fork(new URL('./bullmq-worker.mjs', import.meta.url), [baseUrl, connection, timeout]);
  await once(worker, 'message');
  return worker;
}

/** Resolves when no job is waiting, under way or to be repeated; gives the counts of those that ended. */
export async function untilDone(queue) {
  for (;;) {
    const counts = await queue.getJobCounts().catch(() => undefined);
    const open = ['waiting', 'active', 'delayed', 'prioritized'].reduce(
      (sum, state) => sum + (counts?.[state] ?? 0),
      0,
    );
    if (counts !== undefined && open === 0) return counts;
    await wait(100);
  }
}
