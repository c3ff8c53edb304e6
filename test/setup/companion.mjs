// Runs beside Jest until its standard input ends, which happens however Jest ends. It gives the run a folder
// for temporary files and a PostgreSQL, and leaves nothing of either.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { freemem, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { compileEntry } from '../embedded-postgres/compile-entry.js';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'laaffic-tests-'));
const dataFolder = hasRoom('/dev/shm') ? join('/dev/shm', basename(folder)) : join(folder, 'database');
mkdirSync(dataFolder);
// For root, PostgreSQL runs as another user, who has to enter.
for (const place of [folder, dataFolder]) chmodSync(place, 0o755);
const temporary = join(folder, 'tmp');
mkdirSync(temporary, { mode: 0o755 });

let server;
const inquiries = createServer((_, response) => {
  server ??= startServer();
  server.then(
    // A connection that is kept may be closed here just when Jest uses it again.
    ({ url }) => response.writeHead(200, { Connection: 'close' }).end(url),
    (error) => response.writeHead(500, { Connection: 'close' }).end(String(error)),
  );
}).listen(0, '127.0.0.1');
await once(inquiries, 'listening');
console.log(JSON.stringify({ temporary, databaseServer: `http://127.0.0.1:${inquiries.address().port}` }));

// A signal that ends Jest's processes must not keep it from cleaning up.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
process.stdin.resume();
await once(process.stdin, 'close');
inquiries.close();
inquiries.closeAllConnections();
try {
  await (await server)?.close();
} finally {
  await killLeftovers();
  await unmountLeftovers();
  for (const place of [folder, dataFolder]) rmSync(place, { recursive: true, force: true, maxRetries: 20 });
}

/** Whether there is memory for the data of the database: to make and remove files is most of its work. */
function hasRoom(memory) {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return Math.min(freemem(), bavail * bsize) > 4 * 2 ** 30;
  } catch {
    return false;
  }
}

/** Started by the first spec that wants a database: most runs of a single spec need none. */
async function startServer() {
  // Beside the temporary files, whose own apps would find these packages above them.
  const program = join(folder, 'program');
  mkdirSync(program, { mode: 0o755 });
  symlinkSync(join(root, 'node_modules'), join(program, 'node_modules'));
  const sources = join(root, 'libs/embedded-postgres/src');
  const entry = compileEntry(sources, join(program, 'embedded'), 'es6');
  const { EmbeddedPostgres } = await import(pathToFileURL(entry));
  // Its data need not survive a crash.
  const settings = { max_connections: '300', fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  return EmbeddedPostgres.start({
    dataDir: join(dataFolder, 'postgres'),
    database: 'postgres',
    settings,
    startTimeoutMs: 100_000,
  });
}

/** Disks that tests of root have mounted and that were broken off. */
async function unmountLeftovers() {
  const { stdout } = await promisify(execFile)('mount').catch(() => ({ stdout: '' }));
  for (const [, place] of stdout.matchAll(/^\S+ on (\S+) type tmpfs /gm)) {
    if (place.includes(basename(folder))) await promisify(execFile)('umount', ['--lazy', place]);
  }
}

/** Processes of tests that were broken off, servers of PostgreSQL above all; they have its name in their arguments. */
async function killLeftovers() {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,args=']).catch(() => ({ stdout: '' }));
  for (const line of stdout.split('\n').filter((each) => each.includes(basename(folder)))) {
    try {
      process.kill(Number.parseInt(line), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}
