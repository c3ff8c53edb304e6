import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import pg from 'pg';
// What a call of enqueueMany does with each message, without the database; the package does not export it.
import { readMessage } from '../../libs/laaffic-outbox/dist/esm/messages/read-message.js';
import { MessageWriter } from '../../libs/laaffic-outbox/dist/esm/messages/message-writer.js';
import { OutboxStore } from '../../libs/laaffic-outbox/dist/esm/store/outbox-store.js';
import { median, table } from '../report.mjs';
import { startApp } from './app.mjs';

const MANY = 400_000;
const SINGLE = 20_000;
const CONNECTIONS = 16;
const BATCH = 2_000;
const ROUNDS = 3;
const ACCOUNT = 'bench';
const TABLE = 'laaffic_outbox.chunk';

/** Personal messages and single messages, each beside a bare insert of the same bytes into the same table. */
export async function enqueue() {
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
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS + 1 });
  // The server may end before all connections have noticed.
  pool.on('error', () => undefined);
  // Nothing is sent, so there is no gateway.
  const app = await startApp('http://127.0.0.1:9/v3', { database: url, connections: CONNECTIONS + 1, worker: false });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
  try {
    const parts = { pool, clients, outbox: app.get(SmsOutbox), writer: new MessageWriter(app.get(OutboxStore)) };
    return [await ofMany(parts), await ofSingle(parts)].join('\n\n');
  } finally {
    for (const client of clients) client.release();
    await app.close();
    await pool.end();
  }
}

const messageAt = (index) => ({
  to: String(91_850_000_000 + index),
  content: `Dear customer ${index}, your parcel ${index * 7} arrives tomorrow between 9 and 12.`,
});

function* messages(count, more) {
  for (let index = 0; index < count; index++) yield { ...messageAt(index), ...more?.(index) };
}

async function ofMany({ pool, clients, outbox }) {
  const keyed = (index) => ({ idempotencyKey: `parcel ${index}` });
  const ways = {
    'insert … select unnest, 1 connection': () => bare(clients.slice(0, 1), insertArrays),
    'insert … select unnest, 2 connections': () => bare(clients.slice(0, 2), insertArrays),
    'COPY, 2 connections': () => bare(clients.slice(0, 2), copy),
    enqueueMany: () => outbox.enqueueMany(messages(MANY)),
    'enqueueMany, with the ids': () => outbox.enqueueMany(messages(MANY), { onStored: () => undefined }),
    'enqueueMany, with idempotency keys': () => outbox.enqueueMany(messages(MANY, keyed)),
    'enqueueMany in a transaction': () =>
      inTransaction(clients[0], (transaction) => outbox.enqueueMany(messages(MANY), { transaction })),
    'the checks alone': () => {
      for (const message of messages(MANY)) readMessage(message, {}, 0);
    },
  };
  const rates = await measured(pool, ways, MANY);
  const base = rates['insert … select unnest, 2 connections'];
  const rows = Object.entries(rates).map(([name, rate]) => [name, rate.toFixed(0), (rate / base).toFixed(2)]);
  const title = `${MANY} personal messages, ${BATCH} a statement (median of ${ROUNDS})`;
  return `${title}\n\n${table(['', 'messages/s', 'of the insert, 2 connections'], rows)}`;
}

async function ofSingle({ pool, clients, outbox, writer }) {
  const text = `insert into ${TABLE} (account, lane, size, numbers, content, created_by)
    values ($1, 'priority', 1, $2, $3, 'app') returning id`;
  const ways = {
    'insert and commit': () =>
      atOnce((message, connection) => clients[connection].query(text, [ACCOUNT, message.to, message.content])),
    enqueue: () => atOnce((message) => outbox.enqueue(message)),
    'enqueue without checks': () => {
      const { message } = readMessage(messageAt(0), {}, 0);
      return atOnce(({ to, content }) => writer.add({ ...message, numbers: to, content }));
    },
    'enqueue in a transaction': () =>
      atOnce((message, connection) =>
        inTransaction(clients[connection], (transaction) => outbox.enqueue(message, { transaction })),
      ),
  };
  const rates = await measured(pool, ways, SINGLE);
  const base = rates['insert and commit'];
  const rows = Object.entries(rates).map(([name, rate]) => [name, rate.toFixed(0), (rate / base).toFixed(2)]);
  const title = `${SINGLE} single messages, ${CONNECTIONS} connections (median of ${ROUNDS})`;
  return `${title}\n\n${table(['', 'messages/s', 'of the insert'], rows)}`;
}

/** Messages per second of each way. The ways take turns, so all of them see the same machine. */
async function measured(pool, ways, count) {
  const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(ways)) {
      await pool.query(`truncate ${TABLE}, laaffic_outbox.idempotency_key`);
      await pool.query('checkpoint');
      const started = performance.now();
      await work();
      rates[name].push((count / (performance.now() - started)) * 1000);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, list]) => [name, median(list)]));
}

async function bare(clients, store) {
  const source = messages(MANY);
  const work = async (client) => {
    for (;;) {
      const batch = [];
      while (batch.length < BATCH) {
        const { done, value } = source.next();
        if (done) break;
        batch.push(value);
      }
      if (batch.length === 0) return;
      await store(client, batch);
    }
  };
  await Promise.all(clients.map(work));
}

const COLUMNS = '(account, lane, size, numbers, content, created_by)';

function insertArrays(client, batch) {
  return client.query(
    `insert into ${TABLE} ${COLUMNS} select $1, 'bulk', 1, m.to, m.content, 'app' from unnest($2::text[], $3::text[]) m ("to", content)`,
    [ACCOUNT, batch.map(({ to }) => to), batch.map(({ content }) => content)],
  );
}

/** COPY without a further package: `pg` can send the data, but has no query that does. */
function copy(client, batch) {
  const lines = batch.map(({ to, content }) => `${ACCOUNT}\tbulk\t1\t${to}\t${content}\tapp\n`);
  return new Promise((resolve, reject) => {
    let failure;
    client.query({
      submit: (connection) => connection.query(`copy ${TABLE} ${COLUMNS} from stdin`),
      handleCopyInResponse: (connection) => {
        connection.sendCopyFromChunk(Buffer.from(lines.join('')));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => undefined,
      handleError: (error) => void (failure = error),
      handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
    });
  });
}

async function atOnce(store) {
  let next = 0;
  const work = async (_, connection) => {
    while (next < SINGLE) await store(messageAt(next++), connection);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

async function inTransaction(client, work) {
  await client.query('begin');
  await work(client);
  await client.query('commit');
}
