import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { packageDir, tarballOf, workDir } from './packed.js';
import { Program } from './program.js';
import { npmInstall, run } from './run.js';
import { CREDENTIALS, InstalledSandbox } from './sandbox.js';

const dir = join(workDir, 'command-line');

let sandbox: InstalledSandbox;

beforeAll(async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  await npmInstall(dir, tarballOf('nestjs-laaffic'), tarballOf('laaffic-sandbox'), tarballOf('laaffic-cli'));
  sandbox = await InstalledSandbox.start(dir);
});
afterAll(() => sandbox.close());

function start(...args: string[]): Program {
  const command = [join(dir, 'node_modules/.bin/laaffic'), ...args];
  return new Program(dir, command, { ...CREDENTIALS, LAAFFIC_BASE_URL: sandbox.url });
}

async function laaffic(...args: string[]) {
  // Its stdin is an open pipe without a writer, which must not keep it alive.
  const program = start(...args);
  return { code: await program.ended, stdout: program.printed, stderr: program.errors };
}

it('npx laaffic prints its version', async () => {
  const { version } = JSON.parse(readFileSync(join(packageDir('laaffic-cli'), 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(await run(dir, 'npx', '--no-install', 'laaffic', '--version')).toMatchObject({ stdout: `${version}\n` });
});

it('laaffic outbox says what to install, and then works', async () => {
  const missing = await laaffic('outbox', 'status');
  expect(missing).toEqual({
    code: 1,
    stdout: '',
    stderr: 'laaffic: set DATABASE_URL to the PostgreSQL URL of the outbox\n',
  });
  const database = await startDatabase();
  try {
    const env = { DATABASE_URL: database.url };
    const without = await outboxIn(dir, env, 'status');
    expect(without).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'laaffic: laaffic outbox needs the package pg: npm install nestjs-laaffic-outbox pg, ' +
        'with --global if laaffic is installed globally\n',
    });
    const app = join(workDir, 'command-line-outbox');
    mkdirSync(app);
    writeFileSync(join(app, 'package.json'), '{ "private": true }');
    const ours = ['nestjs-laaffic', 'laaffic-sandbox', 'laaffic-cli', 'nestjs-laaffic-outbox'] as const;
    await npmInstall(app, ...ours.map(tarballOf), 'pg');
    expect(await outboxIn(app, env, 'migrate')).toEqual({
      code: 0,
      stdout: 'laaffic_outbox is at version 1; applied 1\n',
      stderr: '',
    });
    expect((await outboxIn(app, env, 'status')).stdout).toContain('\npending  none\n');
  } finally {
    await database.close();
  }
});

async function outboxIn(cwd: string, env: NodeJS.ProcessEnv, step: string) {
  const program = new Program(cwd, [join(cwd, 'node_modules/.bin/laaffic'), 'outbox', step], env);
  return { code: await program.ended, stdout: program.printed, stderr: program.errors };
}

it('laaffic queries a sandbox in another process', async () => {
  expect(await laaffic('balance', '--json')).toEqual({
    code: 0,
    stdout: '{"balance":"1000000.000000","gift":"0.00000","credit":"0"}\n',
    stderr: '',
  });
});

it('laaffic bulk, killed and run again, sends to every number once', async () => {
  const numbers = Array.from({ length: 5000 }, (_, i) => String(91_850_000_000 + i));
  writeFileSync(join(dir, 'numbers.csv'), ['number', ...numbers].join('\r\n'));
  const bulk = ['bulk', 'numbers.csv', '--content', 'hello world', '--batch-size', '100'];
  // Twenty requests pass. The next four, which are in flight at once, get no response.
  await sandbox.control('/_sandbox/script', [{ times: 20 }, { times: 4, fault: 'hang-after-accepting' }]);
  const first = start(...bulk);
  await until(async () => (await sandbox.control('/_sandbox'))['messages'] === 2400);
  await first.end('SIGKILL');

  const { code, stdout, stderr } = await laaffic(...bulk);
  const { messages } = (await sandbox.control('/_sandbox/messages?limit=10000')) as { messages: { number: string }[] };
  expect(code).toBe(5);
  expect(stdout.split('\n').slice(-2)).toEqual(['4,600 accepted, 400 unfinished (2,400 processed before)', '']);
  expect(stderr).toContain(
    'resuming numbers.csv.laaffic.jsonl: 2,400 recipients processed before, 400 of them unfinished',
  );
  expect(messages.map(({ number }) => number).sort()).toEqual(numbers);
});

it.each(['SIGINT', 'SIGTERM'] as const)(
  'laaffic bulk lets requests finish after one %s, and exits at once after two',
  async (signal) => {
    await sandbox.control('/_sandbox/script', { times: null, endpoint: 'sendSms', fault: 'hang-before-accepting' });
    writeFileSync(join(dir, `${signal}.txt`), '91850000000\n');
    const before = Number((await sandbox.control('/_sandbox'))['requests']);
    const program = start('bulk', `${signal}.txt`, '--content', 'hello world');
    await until(async () => Number((await sandbox.control('/_sandbox'))['requests']) > before);
    void program.end(signal);
    await until(() => program.errors !== '');
    const printed = program.errors;
    const code = await program.end(signal);
    await sandbox.control('/_sandbox/reset', {});
    const journal = readFileSync(join(dir, `${signal}.txt.laaffic.jsonl`), 'utf8');
    expect(code).toEqual({ SIGINT: 130, SIGTERM: 143 }[signal]);
    expect(printed).toBe('laaffic: stopping after the requests in flight finish; press Ctrl+C again to exit at once\n');
    expect(journal).not.toContain('finished');
  },
);
