import { setTimeout as wait } from 'node:timers/promises';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { table } from '../report.mjs';

const MESSAGES = 40_000;

/**
 * Single messages while another session holds a snapshot, as a dump does: no row version can be vacuumed, and a claim
 * has to pass those of all messages that were claimed before.
 */
export async function besideSnapshot(parts, startWorker) {
  const alone = await rateOf(parts, startWorker);
  const client = await parts.pool.connect();
  try {
    await client.query('begin isolation level repeatable read');
    await client.query('select count(*) from laaffic_outbox.account');
    const beside = await rateOf(parts, startWorker);
    const rows = [
      ['alone', alone.first.toFixed(0), alone.last.toFixed(0), '1.00'],
      ['beside a snapshot', beside.first.toFixed(0), beside.last.toFixed(0), (alone.all / beside.all).toFixed(2)],
    ];
    return table([`${MESSAGES} single messages`, 'first tenth, messages/s', 'last tenth', 'time'], rows);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

async function rateOf({ pool, producer, gateway }, startWorker) {
  const arrivals = [];
  const note = (message) => void (message.number && arrivals.push(message.at));
  gateway.on('message', note);
  await producer.get(SmsOutbox).enqueueMany(messages());
  const stop = await startWorker();
  while (arrivals.length < MESSAGES) await wait(20);
  await stop();
  gateway.off('message', note);
  await pool.query(`vacuum laaffic_outbox.chunk`);
  arrivals.sort((a, b) => a - b);
  const rate = (from, to) => ((to - from) * 1000) / (arrivals[to] - arrivals[from]);
  const tenth = MESSAGES / 10;
  const end = MESSAGES - 1;
  return { first: rate(0, tenth), last: rate(end - tenth, end), all: rate(0, end) };
}

/** The gateway tells when numbers that begin like this arrive. */
function* messages() {
  for (let index = 0; index < MESSAGES; index++) yield { to: `7700${2_000_000 + index}`, content: `Code ${index}` };
}
