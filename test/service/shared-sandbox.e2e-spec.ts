import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { LaafficSandbox } from 'laaffic-sandbox';
import { GatewayAccount } from '../../src/gateway/gateway.account.js';
import { SandboxPlace } from '../../src/gateway/sandbox-place.js';
import { SharedSandbox } from '../../src/gateway/shared-sandbox.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { instancesOfATest, MESSAGE, SECRET, type Service } from './service.js';
import { until } from '../until.js';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'laaffic-sandbox-'));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the sandbox of a data directory', () => {
  const opened: SharedSandbox[] = [];
  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(opened.splice(0).map((shared) => shared.close()));
  });

  const open = async (dataDir = folder) => {
    const shared = await SharedSandbox.open(await SandboxPlace.of(dataDir), database.url);
    opened.push(shared);
    return shared;
  };
  const note = () => readFile(join(folder, 'sandbox.port'), 'utf8');
  const listen = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const close = (server: Server) =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  const isAnswered = async ({ url }: SharedSandbox) => (await fetch(new URL('/_sandbox', url))).status === 200;

  it('is run by one of several that start at once', async () => {
    const all = await Promise.all([open(), open(), open(), open()]);
    expect(new Set(all.map(({ url }) => url)).size).toBe(1);
    expect(all.filter(({ own }) => own !== undefined)).toHaveLength(1);
  });

  it('is a different one for another directory', async () => {
    const [one, other] = [await open(), await open(join(folder, 'other'))];
    expect([one.own, other.own]).not.toContain(undefined);
    expect(one.url).not.toBe(other.url);
  });

  it('moves to another instance at the same address when its instance ends', async () => {
    const [first, ...others] = [await open(), await open(), await open()];
    await first.close();
    const next = await until(() => others.find(({ own }) => own !== undefined));
    const last = others.find((other) => other !== next)!;
    expect(next.url).toEqual(first.url);
    expect(last.url).toEqual(first.url);
    expect(last.own).toBeUndefined();
    expect(await isAnswered(last)).toBe(true);
    await next.close();
    await until(() => last.own !== undefined);
    expect(await isAnswered(last)).toBe(true);
  });

  it('pushes to the instance that runs it now', async () => {
    const [first, second] = [await open(), await open()];
    const pushed: string[] = [];
    const service = createServer(({ url = '' }, response) => {
      pushed.push(url);
      response.end();
    });
    const port = await listen(service);
    second.pushTo({
      pushReportsTo: `http://127.0.0.1:${port}/reports`,
      pushInboundTo: `http://127.0.0.1:${port}/inbound`,
    });
    await first.close();
    const sandbox = await until(() => second.own);
    await until(async () => {
      sandbox.addInboundMessage({ from: '91856321412', content: 'STOP' });
      await sandbox.waitForPushes();
      return pushed.length > 0;
    });
    await close(service);
    expect(new Set(pushed)).toEqual(new Set(['/inbound']));
  });

  it('keeps its address after all instances have ended or were killed', async () => {
    const { url, own } = await open();
    // As after a kill: its port is free, and the note is still there.
    await own!.close();
    expect((await open()).url).toBe(url);
  });

  it('uses another port if another program has taken the last one', async () => {
    const servers = [
      createServer((_, response) => response.end('{"options":{"basePath":"/v3"}}')),
      createServer((_, response) => response.end('<html>')),
      createServer(() => undefined),
    ];
    const ports = await Promise.all(servers.map(listen));
    const foreign = await LaafficSandbox.start();
    for (const taken of [...ports, Number(new URL(foreign.url).port)]) {
      await writeFile(join(folder, 'sandbox.port'), `${taken}\n`);
      const [one, other] = await Promise.all([open(), open()]);
      expect(one.url).toBe(other.url);
      expect(await note()).toBe(`${new URL(one.url).port}\n`);
      expect(Number(await note())).not.toBe(taken);
      await Promise.all([one.close(), other.close()]);
    }
    await Promise.all([foreign.close(), ...servers.map(close)]);
  });

  it.each(['', 'x\n', '0\n', '70000\n', '4010'])('starts with the damaged port file %p', async (text) => {
    await writeFile(join(folder, 'sandbox.port'), text);
    const { own, url } = await open();
    expect(own).toBeDefined();
    expect(await note()).toBe(`${new URL(url).port}\n`);
  });
});

describe('services with an embedded database', () => {
  const start = instancesOfATest();
  const env = () => ({ DATABASE_URL: '', DATA_DIR: join(folder, 'data') });
  /** What `main` does once the service listens. */
  const listens = (service: Service) => {
    service.app.get(GatewayAccount, { strict: false }).pushTo(service.url, SECRET);
    return service;
  };
  const stateAt = async (service: Service, orderId: string) =>
    (await service.get(`/v1/messages/${orderId}`)).body.state;

  it('share a sandbox whose reports reach all, and the last one continues it', async () => {
    const first = listens(await start(env()));
    const second = listens(await start(env()));
    expect(first.sandbox).toBeDefined();
    expect(second.sandbox).toBeUndefined();
    expect((await second.send({ ...MESSAGE, to: { number: '91856321412', orderId: 'one' } })).status).toBe(201);
    expect(first.sandbox!.messages.map(({ orderId }) => orderId)).toEqual(['one']);
    first.sandbox!.setDeliveryState(first.sandbox!.messages[0]!.msgId, 'delivered');
    await until(async () => (await stateAt(second, 'one')) === 'delivered');
    await first.close();
    const gateway = second.app.get(GatewayAccount, { strict: false });
    const next = await until(() => gateway.sandbox);
    const send = () =>
      second.send({ ...MESSAGE, to: { number: '91856321412', orderId: 'two' } }, { 'Idempotency-Key': 'two' });
    await until(async () => (await send()).status === 201);
    next.setDeliveryState(next.messages[0]!.msgId, 'delivered');
    await until(async () => (await stateAt(second, 'two')) === 'delivered');
    expect(second.logger.lines).toContainEqual([
      'The instance with the sandbox has ended. This one runs a new sandbox at the same address',
      'Sandbox',
    ]);
  });

  it('check the codes of each other, also those of an instance that has ended', async () => {
    const first = await start(env());
    const second = await start(env());
    const to = '+447400123456';
    const { id } = (await second.post('/v1/verifications', { to, purpose: 'sign-in' })).body;
    const [message] = await until(
      () => first.sandbox!.messages,
      (messages) => messages.length > 0,
    );
    const [code] = /\d{6}/.exec(message!.content)!;
    await second.close();
    const third = await start(env());
    const check = await third.post(`/v1/verifications/${id}/check`, { code, purpose: 'sign-in' });
    expect(check.body).toMatchObject({ status: 'approved', number: to });
  });
});

it('services on DATABASE_URL have one sandbox each', async () => {
  const [one, other] = [new GatewayAccount(undefined, undefined), new GatewayAccount(undefined, undefined)];
  const [first, second] = [await one.options(), await other.options()];
  expect(first.baseUrl).not.toBe(second.baseUrl);
  await Promise.all([one.onApplicationShutdown(), other.onApplicationShutdown()]);
});
