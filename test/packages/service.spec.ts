import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkout, workDir } from './packed.js';
import { Program } from './program.js';
import { run } from './run.js';

const ROOT = join(__dirname, '../..');
const dir = join(workDir, 'service');
const FIRST_MESSAGE = join(dir, 'src/first-message.ts');

const build = () => run(dir, 'npm', 'run', 'build:service');
const start = (env: NodeJS.ProcessEnv = {}) =>
  new Program(dir, ['--enable-source-maps', 'dist/main.js'], {
    PORT: '0',
    DATA_DIR: join(workDir, 'service-data'),
    ...env,
  });
const READY = /Stop +Ctrl\+C/;

beforeAll(async () => {
  cpSync(checkout, dir, { recursive: true, filter: (path) => !['node_modules', 'dist'].includes(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'), 'junction');
  await build();
});
afterEach(() => Program.endAll());

/** What it says of itself at the start, by what each line begins with. */
function report({ printed }: Program): Record<string, string> {
  const lines = [...printed.matchAll(/"message":"([A-Z][\w ,]+): ([^"]*)"/g)];
  return Object.fromEntries(lines.map(([, name = '', text = '']) => [name, text] as const));
}

it('sends its first message through a gateway that checks the signature, and stops when told to', async () => {
  const service = start();
  await service.says(READY);
  expect(await service.end()).toBe('SIGTERM');
  expect(service.errors).toBe('');
  const [, receipt = ''] = /201 Created\n(\{.*?^\})/ms.exec(service.printed) ?? [];
  expect(JSON.parse(receipt)).toEqual({
    id: expect.stringMatching(/^\d+$/),
    accepted: [{ number: '91856321412', orderId: expect.any(String), msgId: expect.stringMatching(/^\d{19}$/) }],
    rejected: [],
    unknown: [],
  });
});

it('says what is on and off, with a push address that works', async () => {
  const service = start();
  await service.says(READY);
  const said = report(service);
  const [pushAddress = ''] = /http\S+$/.exec(said['Delivery reports'] ?? '') ?? [];
  const pushed = await fetch(pushAddress, {
    method: 'POST',
    body: JSON.stringify({ msgid: '1', mobile: '91856321412', status: 0 }),
  });
  expect(pushed.status).toBe(200);
  expect(said).toEqual({
    Service: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    Gateway: expect.stringMatching(/^a sandbox in this process, http:\S+\. No message is sent for real$/),
    'Delivery reports': `on. The sandbox pushes them to ${pushAddress}`,
    'Inbound messages': `on. The sandbox pushes them to ${pushAddress.replace('/reports', '/inbound')}`,
    'API keys': 'off. Only requests from this machine are accepted',
    Database: expect.stringMatching(/^its own, in \S+\. Instances with the same DATA_DIR share it$/),
    'Phone verification': 'on, for numbers of all countries, with the guard in shadow. The service has made its keys',
    Worker: 'on',
  });
});

it('goes on while it is built anew: an instance shares the sandbox of another, and runs it when that one is killed', async () => {
  const first = start();
  await first.says(READY);
  const second = start();
  await second.says(READY);
  expect(report(second)).toMatchObject({
    Gateway: report(first)['Gateway']!.replace('a sandbox in this process', 'the sandbox of another instance'),
  });

  writeFileSync(
    FIRST_MESSAGE,
    readFileSync(FIRST_MESSAGE, 'utf8').replace('One message went', 'A message of the new build went'),
  );
  await build();

  await first.end('SIGKILL');
  // It has not loaded the sandbox until now.
  await second.says(/This one runs a new sandbox at the same address/);
  const { Service: url } = report(second);
  const message = { to: '91856321413', content: 'after the other build' };
  for (let status = 0; status !== 201;) {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'after' };
    ({ status } = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(message) }));
  }
  const third = start();
  await third.says(/A message of the new build went/);
  await third.says(READY);
  expect(await second.end()).toBe('SIGTERM');
  expect(await third.end()).toBe('SIGTERM');
  expect(second.errors).toBe('');
  expect(third.errors).toBe('');
});

it('says in one line which settings are wrong, and does not start', async () => {
  const service = start({ PORT: 'http', LAAFFIC_APP_ID: 'x' });
  expect(await service.ended).toBe(1);
  expect(service.errors).toBe(
    'The service cannot start: PORT must be a whole number from 0 to 65535; ' +
      'LAAFFIC_API_KEY and LAAFFIC_API_SECRET must be set too, or none of the three for the sandbox\n',
  );
});
