import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { findBinaries, packageFor, thisPlatform } from '../../libs/embedded-postgres/src/binaries.js';
import { preparePrograms } from '../../libs/embedded-postgres/src/programs.js';
import { openServerFolder } from '../../libs/embedded-postgres/src/server-folder.js';
import { Server } from '../../libs/embedded-postgres/src/server.js';
import { freePort } from '../free-port.js';
import { ClientProcess, makeClientApp } from './clients.js';
import { expectRows, isAlive, killServer, lockFileOf, pidOf, query } from './servers.js';
import { until } from '../until.js';

// Some tests make the server recover, which is logged.
Logger.overrideLogger(false);

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
// Only root can run a server as another user. For other users Jest lists these tests as skipped.
const asRoot = isRoot ? it : it.skip;
const native = findBinaries(packageFor(thisPlatform()));

let folder = '';
let [esm, cjs] = ['', ''];
let dataDir = '';
let tests = 0;
const clients: ClientProcess[] = [];
const others: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
  chmodSync(folder, 0o755);
  ({ esm, cjs } = makeClientApp(join(folder, 'client')));
});

beforeEach(() => {
  dataDir = join(folder, `data-${tests++}`);
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.kill();
  await killServer(dataDir);
  for (const other of others.splice(0)) other.kill('SIGKILL');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

const lockFile = (folderOfServer = dataDir) => lockFileOf(folderOfServer);
const serverPid = () => pidOf(dataDir);

function client(how: { entry?: string; cwd?: string; uid?: number; dataDir?: string } = {}): ClientProcess {
  const { entry = esm, ...rest } = how;
  const started = new ClientProcess(entry, { dataDir: how.dataDir ?? dataDir, startTimeoutMs: 100_000 }, rest);
  clients.push(started);
  return started;
}

/** Rows that a process inserts until it is stopped. Each one was acknowledged. */
async function insertSome(writer: ClientProcess): Promise<void> {
  writer.insert();
  await until(() => writer.acknowledged >= 20);
}

/** Gives the test a copy of an existing cluster, because creating one takes most of the time. */
async function seed(): Promise<void> {
  const made = join(folder, 'seed');
  if (!existsSync(made)) await (await EmbeddedPostgres.start({ dataDir: made, startTimeoutMs: 100_000 })).close();
  execFileSync('cp', ['-a', made, dataDir]);
}

const start = (more: { settings?: Record<string, string>; database?: string; startTimeoutMs?: number } = {}) =>
  EmbeddedPostgres.start({ dataDir, startTimeoutMs: 100_000, ...more });

describe('the embedded server of one process', () => {
  it('is created by the first start, stops with its last user, and keeps its rows for a later start', async () => {
    const first = await start();
    expect(first.url).toMatch(/^postgres:\/\/postgres:[\w-]{32}@127\.0\.0\.1:\d+\/app$/);
    await query(first.url, 'create table rows as select 1 as n');
    const pid = serverPid();
    await first.close();
    await first.close();
    expect(existsSync(lockFile())).toBe(false);
    await until(() => !isAlive(pid));

    const later = await start();
    try {
      expect(await query(later.url, 'select n from rows')).toEqual([{ n: 1 }]);
    } finally {
      await later.close();
    }
  });

  it('is private, and syncs to the disk', async () => {
    await seed();
    const server = await start({ settings: { max_connections: '33', listen_addresses: '*' } });
    try {
      const { password } = new URL(server.url);
      const secret = statSync(join(dataDir, 'cluster', 'password'));
      expect(secret.mode & 0o777).toBe(0o600);
      await expect(query(server.url.replace(password, 'wrong'), 'select')).rejects.toMatchObject({ code: '28P01' });
      await expect(query(server.url.replace(`:${password}`, ''), 'select')).rejects.toThrow(/password/);
      const names = ['listen_addresses', 'unix_socket_directories', 'fsync', 'max_connections', 'server_encoding'];
      const wanted = names.map((name) => `current_setting('${name}') as ${name}`).join();
      expect(await query(server.url, `select ${wanted}`)).toEqual([
        {
          listen_addresses: '127.0.0.1',
          unix_socket_directories: '',
          fsync: 'on',
          max_connections: '33',
          server_encoding: 'UTF8',
        },
      ]);
      expect(await query(server.url, `select upper('ñandú ж') as u`)).toEqual([{ u: 'ÑANDÚ Ж' }]);
      expect(readFileSync(join(dataDir, 'server.log'), 'utf8')).not.toContain(password);
      if (process.platform === 'linux') {
        expect(readFileSync(`/proc/${serverPid()}/cmdline`, 'utf8')).not.toContain(password);
        expect(readFileSync(`/proc/${serverPid()}/environ`, 'utf8')).not.toContain('JEST_WORKER_ID');
      }
    } finally {
      await server.close();
    }
  });

  it('has a database for each requested name, whatever the name', async () => {
    await seed();
    const names = ['one', 'one', `it's "quoted" 100% / 名`];
    const servers = await Promise.all(names.map((database) => start({ database })));
    try {
      for (const [index, { url }] of servers.entries()) {
        expect(await query(url, 'select current_database() as name')).toEqual([{ name: names[index] }]);
      }
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
    expect(existsSync(lockFile())).toBe(false);
  });

  it('keeps its port while it is free', async () => {
    await seed();
    const [first, again] = [await start(), await start()];
    await first.close();
    await again.close();
    expect(again.url).toBe(first.url);
    const later = await start();
    await later.close();
    expect(later.url).toBe(first.url);
    const other = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    try {
      await until(() => other.listening);
      const moved = await start();
      expect(await query(moved.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await moved.close();
      expect(moved.url).not.toBe(first.url);
    } finally {
      other.close();
    }
  });

  it('does not start on a port of its settings that is taken, and reports it', async () => {
    await seed();
    const other = createServer().listen(0, '127.0.0.1');
    try {
      await until(() => other.listening);
      const { port } = other.address() as AddressInfo;
      await expect(start({ settings: { port: String(port) } })).rejects.toMatchObject({
        code: 'EMBEDDED_POSTGRES_FAILED',
        message: expect.stringMatching(
          / did not start: could not bind IPv4 address "127\.0\.0\.1": Address already in/,
        ),
      });
    } finally {
      other.close();
    }
  });

  it('that does not start reports why, without the password', async () => {
    await seed();
    const fault: unknown = await start({ settings: { shared_buffers: 'plenty' } }).catch((error: unknown) => error);
    expect(fault).toMatchObject({
      name: 'EmbeddedPostgresError',
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringMatching(/did not start:[^]*invalid value for parameter "shared_buffers": "plenty"/),
    });
    expect(String(fault)).not.toContain(readFileSync(join(dataDir, 'cluster', 'password'), 'utf8'));
  });

  it('whose password was changed reports it', async () => {
    await seed();
    const server = await start();
    try {
      await query(server.url, `alter role postgres password 'changed'`);
      await expect(start()).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_PASSWORD' });
    } finally {
      await server.close();
    }
    expect(existsSync(lockFile())).toBe(false);
  });

  it('can be closed when it has died', async () => {
    await seed();
    const server = await start();
    const pid = serverPid();
    process.kill(pid, 'SIGKILL');
    await server.close();
  });
});

describe('the embedded server of several processes', () => {
  it('is one for all that start at once in an empty directory, and stops with the last one, not before', async () => {
    const all = [esm, cjs, esm, cjs].map((entry) => client({ entry }));
    const urls = await Promise.all(all.map((each) => each.url()));
    expect(new Set(urls).size).toBe(1);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('.new-'))).toEqual([]);
    const last = all.pop()!;
    for (const each of all) {
      await each.close();
      expect(await query(urls[0]!, 'select 1 as one')).toEqual([{ one: 1 }]);
    }
    await last.close();
    expect(existsSync(lockFile())).toBe(false);
  });

  it('stops when all close at once', async () => {
    await seed();
    const all = [client(), client(), client(), client()];
    await Promise.all(all.map((each) => each.url()));
    await Promise.all(all.map((each) => each.close()));
    expect(existsSync(lockFile())).toBe(false);
  });

  it('is available to processes that start while others stop', async () => {
    await seed();
    for (let round = 0; round < 5; round++) {
      const leaving = await start();
      const [coming] = await Promise.all([start(), leaving.close()]);
      expect(await query(coming.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await coming.close();
    }
    expect(existsSync(lockFile())).toBe(false);
  });

  it('that closes all connections to recover from the death of one of its processes is held again', async () => {
    await seed();
    const [one, other] = [await start(), await start()];
    try {
      // A process that has connected and has no lock yet does not hold the server.
      const holders = `select a.pid from pg_stat_activity a join pg_locks l on l.pid = a.pid
        where a.application_name = 'nestjs-embedded-postgres' and l.locktype = 'advisory' and l.granted`;
      const before = await query(one.url, holders);
      process.kill(Number(before[0]!['pid']), 'SIGKILL');
      await until(async () => {
        const now = await query(one.url, holders).catch(() => []);
        return now.length === 2 && now.every(({ pid }) => before.every((was) => was['pid'] !== pid));
      });
      await one.close();
      expect(await query(other.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await one.close();
      await other.close();
    }
    expect(existsSync(lockFile())).toBe(false);
  });

  it('survives the process that started it, and is found with all acknowledged data', async () => {
    await seed();
    const writer = client();
    const url = await writer.url();
    await insertSome(writer);
    const pid = serverPid();
    await writer.kill();

    const next = await start();
    try {
      expect(next.url).toBe(url);
      expect(serverPid()).toBe(pid);
      await expectRows(next.url, writer.acknowledged);
    } finally {
      await next.close();
    }
    expect(existsSync(lockFile())).toBe(false);
  });

  it.each(['server', 'server and all its processes', 'server, its processes and the writer'])(
    'recovers from the sudden death of the %s',
    async (who) => {
      await seed();
      const writer = client();
      const url = await writer.url();
      await insertSome(writer);
      const pids = (await query(url, 'select pid from pg_stat_activity')).map(({ pid }) => Number(pid));
      if (who.includes('writer')) process.kill(writer.pid, 'SIGKILL');
      for (const pid of [serverPid(), ...(who === 'server' ? [] : pids)])
        if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      // A writer that is left starts the server again, and may have begun.
      if (who.includes('writer')) expect(existsSync(lockFile())).toBe(true);

      const next = await start();
      try {
        await expectRows(next.url, writer.acknowledged);
      } finally {
        await next.close();
      }
    },
  );
});

describe('a postmaster.pid without a server', () => {
  let [before, common] = ['', ''];

  // All tests share one cluster and undo their changes to the file.
  beforeEach(async () => {
    if (common === '') {
      common = dataDir;
      await seed();
    }
    dataDir = common;
    const server = await start();
    before = readFileSync(lockFile(), 'utf8');
    await query(server.url, 'create table if not exists rows as select 1 as n');
    await server.close();
  });

  const withPid = (pid: number, port?: number) => {
    const lines = before.split('\n');
    lines[0] = String(pid);
    if (port !== undefined) lines[3] = String(port);
    return lines.join('\n');
  };

  async function expectStart(text: string): Promise<void> {
    writeFileSync(lockFile(), text);
    const server = await start();
    try {
      expect(await query(server.url, 'select n from rows')).toEqual([{ n: 1 }]);
      expect(readdirSync(dirname(lockFile())).filter((name) => name.includes('stale'))).toEqual([]);
    } finally {
      await server.close();
    }
  }

  it('does not prevent a start if it is damaged', async () => {
    await expectStart('\0\0\0\0');
  });

  it('does not prevent a start if its process id belongs to another program now', async () => {
    const other = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    others.push(other);
    await expectStart(withPid(other.pid!));
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });

  it('does not prevent a start if it was copied with the data of a running server', async () => {
    const [original, copy] = [dataDir, join(folder, 'copy')];
    cpSync(original, copy, { recursive: true });
    const server = await start();
    try {
      const running = readFileSync(lockFile(), 'utf8');
      // The copy keeps the owner of the original, as `cp -a` does.
      const { uid, gid } = statSync(join(original, 'cluster', 'data'));
      for (const entry of ['.', ...readdirSync(join(copy, 'cluster'), { recursive: true, encoding: 'utf8' })]) {
        chownSync(join(copy, 'cluster', entry), uid, gid);
      }
      dataDir = copy;
      await expectStart(running);
      expect(await query(server.url, 'select n from rows')).toEqual([{ n: 1 }]);
    } finally {
      dataDir = original;
      await server.close();
      await killServer(copy);
    }
  });

  it('is waited for while it is empty, because a server may be about to write it', async () => {
    writeFileSync(lockFile(), '');
    try {
      await expect(start({ startTimeoutMs: 1_000 })).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_TIMEOUT' });
      expect(readFileSync(lockFile(), 'utf8')).toBe('');
    } finally {
      unlinkSync(lockFile());
    }
  });

  it('is left alone while its server lives, even if nothing listens on its port', async () => {
    const server = await start();
    const whole = readFileSync(lockFile(), 'utf8');
    const port = await freePort();
    const mute = whole.split('\n');
    mute[3] = String(port);
    writeFileSync(lockFile(), mute.join('\n'));
    try {
      // Longer than the silence that counts as death.
      await expect(start({ startTimeoutMs: 5_000 })).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_TIMEOUT' });
      expect(readFileSync(lockFile(), 'utf8')).toBe(mute.join('\n'));
    } finally {
      writeFileSync(lockFile(), whole);
      await server.close();
    }
  });

  it('is waited for until the time limit while something listens on its port without a response', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    try {
      await until(() => silent.listening);
      writeFileSync(lockFile(), withPid(process.pid, (silent.address() as AddressInfo).port));
      await expect(start({ startTimeoutMs: 100 })).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_TIMEOUT' });
    } finally {
      silent.close();
      unlinkSync(lockFile());
    }
  });
});

describe('the binaries', () => {
  /** An app whose package has no symlinks, as after an install without scripts. */
  function appWithoutLinks(name: string): { app: string; lib: string } {
    const app = join(folder, name);
    const copy = join(app, 'node_modules', packageFor(thisPlatform()));
    mkdirSync(copy, { recursive: true });
    cpSync(resolve(native, '..'), copy, { recursive: true, verbatimSymlinks: true });
    for (const { target } of readLinks()) rmSync(join(copy, target), { force: true });
    return { app, lib: join(copy, 'native', 'lib') };
  }

  const readLinks = () =>
    JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];

  it('get their missing symlinks', async () => {
    const { app, lib } = appWithoutLinks('without-links');
    await seed();
    const started = client({ cwd: app });
    await started.url();
    await started.close();
    for (const { target } of readLinks()) expect(existsSync(join(lib, '../..', target))).toBe(true);
  });

  it('get their symlinks elsewhere if their own folder is read-only', async () => {
    const { app, lib } = appWithoutLinks('read-only');
    chmodSync(lib, 0o555);
    mkdirSync(dataDir);
    if (isRoot) chownSync(dataDir, NOBODY, NOBODY);
    const started = client({ cwd: app, ...(isRoot ? { uid: NOBODY } : {}) });
    await started.url();
    await started.close();
    chmodSync(lib, 0o755);
    expect(readdirSync(lib).some((name) => readLinks().some(({ target }) => target.endsWith(`/${name}`)))).toBe(false);
    expect(readdirSync(join(dataDir, 'lib'))).toHaveLength(readLinks().length);
  });

  it('are found if dependencies are not hoisted', () => {
    const store = join(folder, 'pnpm', 'node_modules', '.pnpm', 'store', 'node_modules');
    const own = join(store, packageFor(thisPlatform()));
    mkdirSync(join(own, 'native', 'bin'), { recursive: true });
    writeFileSync(join(own, 'package.json'), JSON.stringify({ exports: './dist/index.js' }));
    const parent = join(store, 'nestjs-embedded-postgres');
    mkdirSync(parent);
    writeFileSync(join(parent, 'package.json'), JSON.stringify({ exports: './dist/index.js' }));
    for (const each of [own, parent]) {
      mkdirSync(join(each, 'dist'));
      writeFileSync(join(each, 'dist', 'index.js'), '');
    }
    symlinkSync(parent, join(folder, 'pnpm', 'node_modules', 'nestjs-embedded-postgres'));
    // Jest resolves the name of our own package in its own way.
    const program = `process.stdout.write(require('./binaries.js').findBinaries(...JSON.parse(process.argv[1])))`;
    const args = JSON.stringify([packageFor(thisPlatform()), [join(folder, 'pnpm', 'package.json')]]);
    const found = execFileSync(process.execPath, ['-e', program, args], { cwd: dirname(cjs), encoding: 'utf8' });
    expect(found).toBe(join(own, 'native'));
  });

  it('are named in the error if they are not installed', () => {
    expect(() => findBinaries('@embedded-postgres/none', [join(folder, 'client', 'package.json')])).toThrow(
      expect.objectContaining({
        code: 'EMBEDDED_POSTGRES_NOT_INSTALLED',
        message: expect.stringMatching(/npm install --include=optional.* use a PostgreSQL of your own\.$/) as string,
      }) as Error,
    );
  });
});

describe('the user of the process', () => {
  asRoot('root gets a server that runs as nobody', async () => {
    await seed();
    const server = await start();
    try {
      expect(statSync(join(dataDir, 'cluster', 'data')).uid).toBe(NOBODY);
      if (process.platform === 'linux') expect(statSync(`/proc/${serverPid()}`).uid).toBe(NOBODY);
    } finally {
      await server.close();
    }
  });

  asRoot('root gets data and binaries elsewhere if nobody cannot enter', async () => {
    const [hidden, shared] = [join(folder, 'hidden'), join(folder, 'shared')];
    mkdirSync(hidden, { mode: 0o700 });
    cpSync(resolve(native, '..'), join(hidden, 'package'), { recursive: true, verbatimSymlinks: true });
    const serverFolder = await openServerFolder(join(hidden, 'data'), shared);
    expect(dirname(serverFolder.path)).toBe(shared);
    const programs = await preparePrograms(join(hidden, 'package', 'native'), serverFolder, shared);
    expect(programs.postgres.startsWith(shared)).toBe(true);
    const server = await Server.open(serverFolder, programs, {}, AbortSignal.timeout(100_000));
    await server.release(await server.acquire(AbortSignal.timeout(100_000)));
    expect(existsSync(lockFile(serverFolder.path))).toBe(false);
    // The place is found again once it exists.
    chmodSync(hidden, 0o755);
    expect(await openServerFolder(join(hidden, 'data'), shared)).toEqual(serverFolder);
  });

  asRoot('another user gets a server of its own, which root finds as well', async () => {
    mkdirSync(dataDir);
    chownSync(dataDir, NOBODY, NOBODY);
    const unprivileged = client({ uid: NOBODY });
    const url = await unprivileged.url();
    const found = await start();
    expect(found.url).toBe(url);
    await unprivileged.close();
    await found.close();
    expect(existsSync(lockFile())).toBe(false);
  });

  asRoot('a user without a name gets an error that says what to do', async () => {
    const uid = 54_321;
    mkdirSync(dataDir);
    chownSync(dataDir, uid, uid);
    expect(await client({ uid }).fault()).toEqual({
      code: 'EMBEDDED_POSTGRES_NO_USER',
      message: expect.stringMatching(/user ID 54321.* use a PostgreSQL of your own\.$/),
    });
    expect(readdirSync(dataDir)).toEqual([]);
  });

  asRoot('a user without access to the password gets an error', async () => {
    await seed();
    const uid = 54_321;
    chmodSync(dataDir, 0o777);
    expect(await client({ uid }).fault()).toMatchObject({ code: 'EMBEDDED_POSTGRES_PASSWORD' });
  });
});
