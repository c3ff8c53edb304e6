// A process with an embedded server, controlled by messages: `node client.mjs <entry> <options>`.
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
  if (order === 'insert') {
    // The server may be killed meanwhile.
    await insert().catch(() => undefined);
  }
});

async function insert() {
  const client = new pg.Client(server.url);
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table if not exists rows (n int primary key)');
  for (let n = 1; ; n++) {
    await client.query('insert into rows values ($1)', [n]);
    process.send({ acknowledged: n });
  }
}

if (server !== undefined) process.send({ url: server.url });
