import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { renameSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { EmbeddedPostgres, type EmbeddedPostgresState } from 'nestjs-embedded-postgres';
import { Pool } from 'pg';
import { until } from '../until.js';
import { ClientProcess, makeClientApp } from './clients.js';
import { expectRows, isAlive, killServer, lockFileOf, pidOf, processesWith, query } from './servers.js';

// Only root can mount a disk of its own. For other users Jest lists these tests as skipped.
const onOwnDisk = process.platform === 'linux' && process.getuid?.() === 0 ? it : it.skip;

let folder = '';
let esm = '';
let dataDir = '';
let tests = 0;
const clients: ClientProcess[] = [];
const servers: EmbeddedPostgres[] = [];
/** What this process has logged, and the state of its newest server at that moment. */
const lines: string[] = [];
const states: (EmbeddedPostgresState | undefined)[] = [];

beforeAll(async () => {
  const log =
    (level: string) =>
    (message: unknown, ...others: unknown[]) => {
      if (others.at(-1) !== 'EmbeddedPostgres') return;
      lines.push(`${level} ${String(message)}`);
      states.push(servers.at(-1)?.state);
    };
  Logger.overrideLogger({ log: log('LOG'), warn: log('WARN'), error: log('ERROR') });
  folder = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
  chmodSync(folder, 0o755);
  ({ esm } = makeClientApp(join(folder, 'client')));
  await (await EmbeddedPostgres.start({ dataDir: join(folder, 'seed'), startTimeoutMs: 100_000 })).close();
});

beforeEach(() => {
  dataDir = join(folder, `data-${tests++}`);
  execFileSync('cp', ['-a', join(folder, 'seed'), dataDir]);
  lines.length = 0;
  states.length = 0;
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.kill();
  for (const server of servers.splice(0)) await server.close();
  await killServer(dataDir);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({ dataDir, startTimeoutMs: 100_000 });
  servers.push(server);
  return server;
}

function client(): ClientProcess {
  const started = new ClientProcess(esm, { dataDir, startTimeoutMs: 100_000 });
  clients.push(started);
  return started;
}

const isRunning = ({ status }: EmbeddedPostgresState) => status === 'running';

/** Kills the server without a chance to clean up. @returns its process id. */
function crash(): number {
  const pid = pidOf(dataDir);
  process.kill(pid, 'SIGKILL');
  return pid;
}

/** Waits until another server runs, and its user knows. */
async function untilAnotherRuns(pid: number, user: EmbeddedPostgres): Promise<void> {
  await until(() => existsSync(lockFileOf(dataDir)) && pidOf(dataDir) !== pid && isRunning(user.state));
}

/** The log of the server that is in its folder. */
const serverLog = () => readFileSync(join(dataDir, 'server.log'), 'utf8');
const count = (text: string, part: string) => text.split(part).length - 1;

/** Takes a port as soon as it is free. */
function listenOn(port: number): Promise<Server> {
  return until(async () => {
    const server = createServer();
    return new Promise<Server | undefined>((resolve) => {
      server.once('error', () => {
        resolve(undefined);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(server);
      });
    });
  });
}

describe('a server that is killed', () => {
  it('runs again at the same URL, and a pool loses no row that was acknowledged', async () => {
    const server = await start();
    const { url } = server;
    expect(server.state).toEqual({ status: 'running', since: expect.any(Date) });
    const pool = new Pool({ connectionString: url, max: 3 });
    pool.on('error', () => undefined);
    await pool.query('create table rows (n int primary key)');
    const stopping = new AbortController();
    let acknowledged = 0;
    const writing = (async () => {
      for (let n = 1; !stopping.signal.aborted; n++) {
        const insert = () => pool.query('insert into rows values ($1) on conflict do nothing', [n]);
        await until(() => insert().then(() => true, () => false)); // prettier-ignore
        acknowledged = n;
      }
    })();
    await until(() => acknowledged > 20);

    const killedAt = new Date();
    const pid = crash();
    await untilAnotherRuns(pid, server);
    const before = acknowledged;
    await until(() => acknowledged > before + 20);
    stopping.abort();
    await writing;
    await pool.end();

    const reason = 'terminating connection due to unexpected postmaster exit';
    expect(states).toEqual([{ status: 'restarting', since: expect.any(Date), reason }, server.state]);
    expect(server.url).toBe(url);
    expect(server.state).toEqual({ status: 'running', since: expect.any(Date) });
    expect(server.state.since.getTime()).toBeGreaterThanOrEqual(killedAt.getTime());
    expect(await query(url, 'select count(*)::int, max(n) from rows')).toEqual([
      { count: acknowledged, max: acknowledged },
    ]);
    const { port } = new URL(url);
    expect(lines).toEqual([
      `WARN PostgreSQL on port ${port} is gone and will be started again: ${reason}`,
      expect.stringMatching(`^LOG PostgreSQL on port ${port} runs again, after \\d+\\.\\d s$`),
    ]);

    await server.close();
    expect(server.state).toEqual({ status: 'stopped', since: expect.any(Date) });
    expect(existsSync(lockFileOf(dataDir))).toBe(false);
    expect(processesWith(dataDir)).toEqual([]);
  });

  it('is started exactly once by the processes that share it, and stops with the last one', async () => {
    const users = [client(), client(), client()];
    const urls = await Promise.all(users.map((user) => user.url()));
    for (let round = 1; round <= 3; round++) {
      const starts = count(serverLog(), 'starting PostgreSQL');
      const pid = crash();
      const messages = round * 2;
      await until(() => users.every(({ log }) => log.length === messages));
      expect(pidOf(dataDir)).not.toBe(pid);
      expect(count(serverLog(), 'starting PostgreSQL')).toBe(starts + 1);
      expect(await Promise.all(users.map((user) => user.state()))).toEqual(
        users.map(() => ({ status: 'running', since: expect.any(String) })),
      );
    }
    const [last, ...others] = users;
    for (const user of others) await user.close();
    expect(await query(urls[0]!, 'select 1 as one')).toEqual([{ one: 1 }]);
    await last!.close();
    expect(existsSync(lockFileOf(dataDir))).toBe(false);
    expect(processesWith(lockFileOf(dataDir))).toEqual([]);
  });

  it('is started again by a process that has found it, after the one that had started it died', async () => {
    const starter = client();
    const url = await starter.url();
    const server = await start();
    await starter.kill();
    await untilAnotherRuns(crash(), server);
    expect(server.url).toBe(url);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('has the same URL for a process that starts while the others start it again', async () => {
    const server = await start();
    for (let round = 0; round < 3; round++) {
      const pid = crash();
      const another = await start();
      expect(another.url).toBe(server.url);
      await untilAnotherRuns(pid, server);
      await another.close();
    }
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('a server that cannot start', () => {
  it('is started when its port is free again, and each problem is logged once', async () => {
    const user = client();
    const url = await user.url();
    const { port } = new URL(url);
    // The process does nothing until the port is taken.
    user.signal('SIGSTOP');
    const pid = crash();
    await until(() => !isAlive(pid));
    const other = await listenOn(Number(port));
    user.signal('SIGCONT');
    const attempts = () => count(serverLog(), 'could not bind IPv4 address');
    await until(() => attempts() >= 4);
    const problem = 'could not bind IPv4 address "127.0.0.1": Address already in use';
    const reason = `The server in ${dataDir} did not start: ${problem}`;
    expect(await user.state()).toEqual({ status: 'restarting', since: expect.any(String), reason });
    const gone = expect.stringMatching(`^WARN PostgreSQL on port ${port} is gone and will be started again: `);
    const failing = `ERROR PostgreSQL on port ${port} does not run, retrying: ${reason}`;
    expect(user.log).toEqual([gone, failing]);

    other.close();
    await until(async () => isRunning(await user.state()));
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(user.log).toEqual([
      gone,
      failing,
      expect.stringMatching(`^LOG PostgreSQL on port ${port} runs again, after \\d+\\.\\d s$`),
    ]);
    await user.close();
    expect(processesWith(dataDir)).toEqual([]);
  });

  it('waits longer and longer between two attempts', async () => {
    const server = await start();
    const cluster = join(dataDir, 'cluster');
    renameSync(cluster, `${cluster}.away`);
    process.kill(pidOfMoved(), 'SIGKILL');
    const at: number[] = [];
    for (let attempt = 1; attempt <= 5; attempt++) {
      await until(() => count(serverLog(), 'could not access directory') >= attempt);
      at.push(performance.now());
    }
    const pauses = at.slice(1).map((time, index) => time - at[index]!);
    // 250, 500, 1,000 and 2,000 ms, and what a start takes.
    expect(pauses.map((pause, index) => pause >= 200 * 2 ** index)).toEqual([true, true, true, true]);
    renameSync(`${cluster}.away`, cluster);
    await until(() => isRunning(server.state));
    const { port } = new URL(server.url);
    const problem = `could not access directory "${join(cluster, 'data')}": No such file or directory`;
    expect(lines).toEqual([
      expect.stringMatching(`^WARN PostgreSQL on port ${port} is gone and will be started again: `),
      `ERROR PostgreSQL on port ${port} does not run, retrying: The server in ${dataDir} did not start: ${problem}`,
      expect.stringMatching(`^LOG PostgreSQL on port ${port} runs again, after \\d+\\.\\d s$`),
    ]);
  });

  const pidOfMoved = () =>
    Number(readFileSync(join(dataDir, 'cluster.away', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

  describe('on a disk of its own', () => {
    beforeEach(() => {
      if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
      const seed = dataDir;
      dataDir = join(folder, `disk-${tests}`);
      mkdirSync(dataDir);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=130m,mode=755', 'embedded-postgres-test', dataDir]);
      execFileSync('cp', ['-a', `${seed}/.`, dataDir]);
    });

    afterEach(async () => {
      if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
      for (const each of clients.splice(0)) await each.kill();
      for (const server of servers.splice(0)) await server.close();
      await killServer(dataDir);
      await until(() => processesWith(dataDir).length === 0);
      execFileSync('umount', [dataDir]);
    });

    const filler = () => join(dataDir, 'filler');
    function fillDisk(): void {
      const page = Buffer.alloc(4096);
      const fill = () => {
        for (;;) appendFileSync(filler(), page);
      };
      expect(fill).toThrow(expect.objectContaining({ code: 'ENOSPC' }) as Error);
    }

    onOwnDisk('is started when a full disk has room again, with every row that was acknowledged', async () => {
      const user = client();
      const url = await user.url();
      const since = (await user.state()).since;
      user.insert();
      await until(() => user.acknowledged > 50);
      fillDisk();
      // The server ends itself when it cannot write its log of changes.
      const change = `select pg_logical_emit_message(true, 'x', repeat('x', 10000000))`;
      await until(() =>
        query(url, change).then(
          () => false,
          () => user.log.length > 0,
        ),
      );
      // The disk stays full until it could not be started, or was started in vain.
      await until(() => {
        fillDisk();
        return user.log.length > 1;
      });
      rmSync(filler());
      const before = user.acknowledged;
      await until(() => user.acknowledged > before + 20);
      await expectRows(url, user.acknowledged);
      const state = await user.state();
      expect(state).toEqual({ status: 'running', since: expect.any(String) });
      expect(state.since).not.toEqual(since);
      const problems = user.log.filter((line) => line.startsWith('ERROR'));
      expect(problems).toEqual([...new Set(problems)]);
    });

    onOwnDisk('is started when a disk that was read-only can be written again', async () => {
      const user = client();
      const url = await user.url();
      user.insert();
      await until(() => user.acknowledged > 20);
      user.signal('SIGSTOP');
      const pid = crash();
      await until(() => processesWith(join(dataDir, 'cluster')).length === 0 && !isAlive(pid));
      execFileSync('mount', ['-o', 'remount,ro', dataDir]);
      user.signal('SIGCONT');
      await until(() => user.log.length === 2);
      expect(await user.state()).toEqual({
        status: 'restarting',
        since: expect.any(String),
        reason: expect.stringMatching(/read-only file system/i),
      });
      execFileSync('mount', ['-o', 'remount,rw', dataDir]);
      const before = user.acknowledged;
      await until(() => user.acknowledged > before + 20);
      await expectRows(url, user.acknowledged);
      expect(user.log.map((line) => line.split(' ')[0])).toEqual(['WARN', 'ERROR', 'LOG']);
    });
  });
});

describe('close during a restart', () => {
  const expectNothing = async () => {
    await until(() => processesWith(dataDir).length === 0);
    // A crash leaves the file of a server behind.
    expect(existsSync(lockFileOf(dataDir)) && isAlive(pidOf(dataDir))).toBe(false);
  };

  it('leaves no server behind, at whatever moment it comes', async () => {
    const moments = [
      () => true,
      // It has noticed; it has removed the old file; it has started a process; that has written its file.
      () => lines.length > 0,
      (pid: number) => !existsSync(lockFileOf(dataDir)) || pidOf(dataDir) !== pid,
      (pid: number) => processesWith(dataDir).some((other) => other !== pid),
      (pid: number) => existsSync(lockFileOf(dataDir)) && pidOf(dataDir) !== pid,
    ];
    for (const isNow of moments) {
      const server = await start();
      lines.length = 0;
      const pid = crash();
      await until(() => isNow(pid));
      await server.close();
      expect(server.state).toEqual({ status: 'stopped', since: expect.any(Date) });
      await expectNothing();
    }
  });

  it('ends a pause between two attempts', async () => {
    const user = client();
    const { port } = new URL(await user.url());
    user.signal('SIGSTOP');
    const pid = crash();
    await until(() => !isAlive(pid));
    const other = await listenOn(Number(port));
    user.signal('SIGCONT');
    await until(() => count(serverLog(), 'could not bind IPv4 address') >= 3);
    await user.close();
    other.close();
    await expectNothing();
  });

  it('leaves the server to the other processes', async () => {
    const [server, another] = [await start(), await start()];
    const pid = crash();
    await until(() => lines.length > 0);
    await server.close();
    await untilAnotherRuns(pid, another);
    expect(await query(another.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await another.close();
    await expectNothing();
  });
});
