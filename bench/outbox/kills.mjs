// The same job, the same gateway that fails, the same kills: once with the outbox, once with BullMQ.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { DEFAULTS, runScenario } from '../../test/chaos/scenario.mjs';
import { table } from '../report.mjs';
import { addAll, openQueue, untilDone } from './bullmq.mjs';

const [RECIPIENTS, WORKERS, KILLS] = [200_000, 3, 40];
const PREFIX = '9181';

export async function outboxUnderKills() {
  const plan = {
    recipients: RECIPIENTS,
    workers: WORKERS,
    workerKills: KILLS,
    blind: true,
    rejected: null,
    rate: null,
  };
  const ours = await runScenario(plan);
  if (ours.problems.length > 0) throw new Error(ours.problems.join('; '));
  const theirs = await withBullMq();
  const missing = RECIPIENTS - ours.outbox.accepted - ours.outbox.held;
  const rows = [
    ['nestjs-laaffic-outbox', ours.gateway.doubled, missing, ours.outbox.held, ours.seconds],
    ['BullMQ', theirs.doubled, theirs.lost, 0, theirs.seconds],
  ];
  const head = ['', 'sent twice', 'never sent and not held', 'waiting for a person', 'seconds'];
  const faults = '4 % cut before reading, 4 % cut after accepting, 1 % answered too late';
  return `${RECIPIENTS} recipients, ${WORKERS} workers, ${KILLS} kills, ${faults}\n\n${table(head, rows)}`;
}

async function withBullMq() {
  const folder = mkdtempSync(join(tmpdir(), 'laaffic-bench-'));
  // For root, the server runs as another user, who has to enter.
  chmodSync(folder, 0o755);
  const server = await EmbeddedPostgres.start({ dataDir: folder });
  const { latency, faults } = DEFAULTS;
  const settings = JSON.stringify({ latency, faults, blind: true });
  const gateway = fork(new URL('../../test/chaos/gateway.mjs', import.meta.url), [settings]);
  const { url } = await ask(gateway, { ask: 'url' });
  const { connection, queue } = await openQueue(server.url, 'bullmq_kills');
  try {
    await addAll(queue, numbers());
    const started = performance.now();
    let isOver = false;
    const workers = [];
    const ready = new Set();
    const keepAlive = async (index) => {
      while (!isOver) {
        const worker = fork(new URL('./bullmq-worker.mjs', import.meta.url), [url, connection, 1_000]);
        workers[index] = worker;
        worker.once('message', () => ready.add(worker));
        await once(worker, 'exit');
        ready.delete(worker);
      }
    };
    const alive = Array.from({ length: WORKERS }, (_, index) => keepAlive(index));
    let isDone = false;
    // As long as there is something to do, and only those that do it, as with the outbox.
    const kills = async () => {
      for (let kill = 0; kill < KILLS && !isDone;) {
        await wait(175 + Math.random() * 350);
        const working = [...ready];
        if (working[Math.floor(Math.random() * working.length)]?.kill('SIGKILL')) kill++;
      }
    };
    const done = untilDone(queue).then(() => (isDone = true));
    await Promise.all([kills(), done]);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    isOver = true;
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(alive);
    const { doubled, found } = await ask(gateway, {
      ask: 'verdict',
      ranges: [{ prefix: PREFIX, from: 0, to: RECIPIENTS }],
    });
    return { doubled, lost: RECIPIENTS - found[0].there, seconds };
  } finally {
    await queue.close();
    gateway.kill('SIGKILL');
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ask(gateway, question) {
  gateway.send(question);
  return (await once(gateway, 'message'))[0];
}

function* numbers() {
  for (let i = 0; i < RECIPIENTS; i++) yield PREFIX + String(i).padStart(7, '0');
}
