import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaafficSandbox } from 'laaffic-sandbox';
import { readArguments } from '../../libs/laaffic-sandbox/src/cli/arguments.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { instancesOfATest, MESSAGE, type Service } from '../service/service.js';
import { until } from '../until.js';

const page = readFileSync(join(__dirname, '../../docs/service.md'), 'utf8');
const [, recipe = ''] = /^## One sandbox for several services\n.*?```sh\n(.*?)```/ms.exec(page) ?? [];

interface Started {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a shell makes of the recipe: each `node` and `npx` tells its arguments and environment in place of running. */
function programsOf(script: string): Started[] {
  const tell = 'console.log(JSON.stringify({ args: process.argv.slice(1), env: process.env }))';
  const functions = `npm() { :; }; node() { '${process.execPath}' -e '${tell}' -- "$@"; }; npx() { node "$@"; }`;
  const printed = execFileSync('sh', ['-euc', `${functions}\n${script}\nwait`], { encoding: 'utf8', env: {} });
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Started);
}

let database: TestDatabase;
let sandbox: LaafficSandbox | undefined;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(async () => {
  await sandbox?.close();
  await database.close();
});
const start = instancesOfATest();

it('the recipe in docs/service.md brings each service its delivery reports and inbound messages', async () => {
  const programs = programsOf(recipe);
  const [gateway] = programs.filter(({ args }) => args[0] === 'laaffic-sandbox');
  const services = programs.filter(({ args }) => args[0] === 'dist/main.js');
  expect(programs).toHaveLength(3);
  expect(services).toHaveLength(2);

  // The same on free ports: the sandbox first, and its push addresses once the services listen.
  const { options } = readArguments(gateway!.args.slice(1));
  const shared = await LaafficSandbox.start({ ...options, port: 0, pushReportsTo: null, pushInboundTo: null });
  sandbox = shared;
  const gatewayAddress = `127.0.0.1:${options.port}`;
  const running: { service: Service; appId: string; address: string }[] = [];
  for (const { env } of services) {
    const { PORT, LAAFFIC_BASE_URL } = env;
    const baseUrl = LAAFFIC_BASE_URL!.replace(gatewayAddress, new URL(shared.url).host);
    const service = await start({ ...env, LAAFFIC_BASE_URL: baseUrl, DATABASE_URL: database.url });
    running.push({ service, appId: env['LAAFFIC_APP_ID']!, address: `127.0.0.1:${PORT}` });
  }
  const really = (urls: unknown) =>
    running.reduce(
      (text, { service, address }) => text.replaceAll(address, new URL(service.url).host),
      JSON.stringify(urls),
    );
  shared.configure({
    pushReportsTo: JSON.parse(really(options.pushReportsTo)) as Record<string, string>,
    pushInboundTo: JSON.parse(really(options.pushInboundTo)) as Record<string, string>,
  });

  for (const { service, appId } of running) {
    const { status } = await service.send({ ...MESSAGE, to: { number: '91856321412', orderId: appId } });
    expect(status).toBe(201);
    const message = shared.messages.find((sent) => sent.appId === appId)!;
    shared.setDeliveryState(message.msgId, 'delivered');
    shared.addInboundMessage({ from: '91856321412', content: 'STOP', appId });
    await until(async () => (await service.get(`/v1/messages/${appId}`)).body.state === 'delivered');
  }
  await shared.waitForPushes();
  expect(shared.pushes.map(({ kind, outcome }) => [kind, outcome]).sort()).toEqual([
    ['inbound', 'acknowledged'],
    ['inbound', 'acknowledged'],
    ['report', 'acknowledged'],
    ['report', 'acknowledged'],
  ]);
});
