// A process with an embedded server, controlled by messages: `node client.mjs <entry> <options>`.
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const [, , entry, options] = process.argv;
const loaded = await import(entry);
// The whole CommonJS module is the default export.
const { EmbeddedPostgres } = loaded.default ?? loaded;

const told = async (work) => {
  try {
    return await work();
  } catch ({ code, message }) {
    process.send({ fault: { code, message } });
    process.disconnect();
    return undefined;
  }
};

// Otherwise an aborted test would leave it running.
process.once('disconnect', () => process.exit());

const server = await told(() => EmbeddedPostgres.start(JSON.parse(options)));

process.on('message', async (order) => {
  if (order === 'close') {
    await told(() => server.close());
    process.send({ closed: true });
    process.disconnect();
  }
  if (order === 'state') process.send({ state: server.state });
  if (order === 'insert') await insert();
});

/** Inserts rows through a pool until the process ends. A row that fails is inserted again: it may be there already. */
async function insert() {
  const pool = new pg.Pool({ connectionString: server.url, max: 1 });
  pool.on('error', () => undefined);
  const retry = async (sql, values) => {
    for (;;) {
      try {
        return await pool.query(sql, values);
      } catch {
        await pause(20);
      }
    }
  };
  await retry('create table if not exists rows (n int primary key, text text)');
  for (let n = 1; ; n++) {
    await retry(`insert into rows values ($1, repeat('x', 10000)) on conflict (n) do nothing`, [n]);
    process.send({ acknowledged: n });
  }
}

if (server !== undefined) process.send({ url: server.url });
