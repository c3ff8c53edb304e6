import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageDir, tarballOf, workDir } from './packed.js';
import { npmInstall, run } from './run.js';

const dir = join(workDir, 'command-line');
const CREDENTIALS = { LAAFFIC_APP_ID: '4luaKsL2', LAAFFIC_API_KEY: 'bDqJFiq9', LAAFFIC_API_SECRET: '7bz1lzh9' };

let sandbox: ChildProcess;
let url: string;

beforeAll(async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, 'package.json'), '{ "private": true }');
  await npmInstall(dir, tarballOf('nestjs-laaffic'), tarballOf('laaffic-sandbox'), tarballOf('laaffic-cli'));
  sandbox = start('laaffic-sandbox', '--port', '0', '--quiet');
  url = await new Promise<string>((resolve) => {
    sandbox.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const [found] = /http:\S+/.exec(text) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
});
afterAll(async () => {
  if (sandbox.kill()) await once(sandbox, 'close');
});

function start(bin: string, ...args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, ...CREDENTIALS, ...(url && { LAAFFIC_BASE_URL: url }) };
  return spawn(process.execPath, [join(dir, 'node_modules/.bin', bin), ...args], { cwd: dir, env });
}

async function laaffic(...args: string[]) {
  const child = start('laaffic', ...args);
  const printed = { code: null as number | null, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  // An open pipe that nobody writes to must not keep it.
  [printed.code] = (await once(child, 'close')) as [number | null];
  return printed;
}

async function control(path: string, body?: object): Promise<Record<string, unknown>> {
  const headers = { 'Content-Type': 'application/json' };
  const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
  return (await (await fetch(new URL(path, url), init)).json()) as Record<string, unknown>;
}

it('npx laaffic tells its version', async () => {
  const { version } = JSON.parse(readFileSync(join(packageDir('laaffic-cli'), 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(await run(dir, 'npx', '--no-install', 'laaffic', '--version')).toMatchObject({ stdout: `${version}\n` });
});

it('asks a sandbox in another process', async () => {
  expect(await laaffic('balance', '--json')).toEqual({
    code: 0,
    stdout: '{"balance":"1000000.000000","gift":"0.00000","credit":"0"}\n',
    stderr: '',
  });
});

it('killed in the middle and run again, sends to everybody, and to nobody twice', async () => {
  const numbers = Array.from({ length: 5000 }, (_, i) => String(91_850_000_000 + i));
  writeFileSync(join(dir, 'numbers.csv'), ['number', ...numbers].join('\r\n'));
  const bulk = ['bulk', 'numbers.csv', '--content', 'hello world', '--request-size', '100'];
  // Twenty requests pass; the next four, as many as are under way at once, get no answer.
  await control('/_sandbox/script', [{ times: 20 }, { times: 4, fault: 'hang-after-accepting' }]);
  const first = start('laaffic', ...bulk);
  while ((await control('/_sandbox'))['messages'] !== 2400);
  first.kill('SIGKILL');
  await once(first, 'close');

  const { code, stdout, stderr } = await laaffic(...bulk);
  const { messages } = (await control('/_sandbox/messages?limit=10000')) as { messages: { number: string }[] };
  expect([code, stdout.split('\n').slice(-2)]).toEqual([
    5,
    ['4,600 accepted, 400 unsettled (2,400 settled before)', ''],
  ]);
  expect(stderr).toContain('resuming numbers.csv.laaffic.jsonl: 2,400 were settled before, 400 of them unsettled');
  expect(messages.map(({ number }) => number).sort()).toEqual(numbers);
});

it.each(['SIGINT', 'SIGTERM'] as const)(
  'lets requests end after one %s, and ends at once after two',
  async (signal) => {
    await control('/_sandbox/script', { times: null, endpoint: 'sendSms', fault: 'hang-before-accepting' });
    writeFileSync(join(dir, `${signal}.txt`), '91850000000\n');
    const before = Number((await control('/_sandbox'))['requests']);
    const child = start('laaffic', 'bulk', `${signal}.txt`, '--content', 'hello world');
    while (Number((await control('/_sandbox'))['requests']) === before);
    child.kill(signal);
    const said = (await once(child.stderr!, 'data')) as [Buffer];
    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number | null];
    await control('/_sandbox/reset', {});
    const journal = readFileSync(join(dir, `${signal}.txt.laaffic.jsonl`), 'utf8');
    expect([code, String(said), journal.includes('finished')]).toEqual([
      { SIGINT: 130, SIGTERM: 143 }[signal],
      'laaffic: stopping when the requests under way have ended; another Ctrl+C ends at once\n',
      false,
    ]);
  },
);
