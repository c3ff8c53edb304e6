import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { migrateOutbox } from 'nestjs-laaffic-outbox';
import pg from 'pg';
// The package gives no way to its statements.
import * as generated from '../../libs/laaffic-outbox/dist/esm/sql/generated.js';
import { fillOpen, fillFinished, RECURRING } from '../../scripts/outbox-growth.js';
import { median, table } from '../report.mjs';

const RUNS = 31;
/** Until functions have the plans that they keep. */
const WARM_UP = 8;
const TARGET = 1.3;

/** Each recurring statement in an outbox where nothing has ended yet, and in one with many finished recipients. */
export async function growth() {
  const finished = Number(process.env.FINISHED ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'laaffic-bench-'));
  // For root, the server runs as another user, who has to enter.
  chmodSync(folder, 0o755);
  const server = await EmbeddedPostgres.start({ dataDir: folder });
  const outboxes = [];
  try {
    const filling = performance.now();
    for (const recipients of [0, finished]) outboxes.push(await fill(server.url, recipients));
    const [empty, full] = outboxes;
    const { rows } = await full.query(`select pg_size_pretty(pg_database_size(current_database())) as size`);
    const seconds = ((performance.now() - filling) / 1000).toFixed(0);
    const lines = [];
    for (const recurring of RECURRING) lines.push(await compare(recurring, empty, full));
    const slower = lines.filter(([, , , ratio]) => Number(ratio) > TARGET);
    return [
      `${finished} finished recipients (${rows[0].size}, filled in ${seconds} s), medians of ${RUNS} executions`,
      '',
      table(['statement', 'ms, empty', 'ms, full', 'ratio'], lines),
      '',
      `${lines.length - slower.length} of ${lines.length} statements take at most ${TARGET} times as long.`,
      '',
      await deletion(full),
    ].join('\n');
  } finally {
    await Promise.all(outboxes.map((outbox) => outbox.end()));
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns a connection to an outbox of its own. */
async function fill(server, recipients) {
  const name = `finished_${recipients}`;
  const admin = new pg.Client(server);
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href });
  await migrateOutbox(pool, 'outbox');
  await pool.end();
  const client = new pg.Client(url.href);
  await client.connect();
  for (const sql of [...(recipients > 0 ? fillFinished(recipients) : []), ...fillOpen()]) await client.query(sql);

  await client.query('vacuum analyze');
  await client.query('checkpoint');
  return client;
}

async function compare({ name, variant, params }, empty, full) {
  const { text, params: names } = generated[name];
  const values = names.map((each) => params[each]);
  const times = new Map([empty, full].map((outbox) => [outbox, []]));
  for (let run = -WARM_UP; run < RUNS; run++) {
    for (const outbox of run % 2 === 0 ? [empty, full] : [full, empty]) {
      const time = await timeOf(outbox, text, values);
      if (run >= 0) times.get(outbox).push(time);
    }
  }
  const [before, after] = [median(times.get(empty)), median(times.get(full))];
  return [[name, variant].filter(Boolean).join(', '), before.toFixed(2), after.toFixed(2), (after / before).toFixed(2)];
}

async function timeOf(client, text, values) {
  await client.query('begin');
  const started = performance.now();
  await client.query(text, values);
  const time = performance.now() - started;
  await client.query('rollback');
  return time;
}

/** Deletes the redacted half, step by step, as a worker does. */
async function deletion(client) {
  const count = async () => Number((await client.query(`select count(*) from outbox.recipient`)).rows[0].count);
  const before = await count();
  const DAY = 24 * 60 * 60_000;
  const step = { account: RECURRING[0].params.account, deleteAfterMs: 90 * DAY, limit: 200, recipients: 5_000 };
  let longest = 0;
  let total = 0;
  for (const { text, params } of [generated.deleteMessages, generated.deleteCampaigns]) {
    for (let deleted = 1; deleted > 0;) {
      const started = performance.now();
      const { rows } = await client.query(
        text,
        params.map((each) => step[each]),
      );
      deleted = rows[0].count;
      const time = performance.now() - started;
      total += time;
      longest = Math.max(longest, time);
    }
  }
  const gone = before - (await count());
  const vacuum = performance.now();
  await client.query('vacuum');
  const vacuumed = (performance.now() - vacuum) / 1000;
  return (
    `Deletion of what is older than 90 days: ${gone} recipients with all that belongs to them, ${((gone / total) * 1000).toFixed(0)} ` +
    `a second; the longest step took ${longest.toFixed(0)} ms, the vacuum afterwards ${vacuumed.toFixed(1)} s.`
  );
}
