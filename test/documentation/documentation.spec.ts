import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { LaafficSandbox, SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { LaafficModule, SmsService } from 'nestjs-laaffic';
import { inboundPush, reportPush } from 'nestjs-laaffic/testing';
import { askEverything } from '../../examples/asking.js';
import { costOf, sendToAll, sendToAllSafely, sendFile } from '../../examples/bulk.js';
import { HealthModule } from '../../examples/health.js';
import { named, Notifications, Settings, withFactory, withValues } from '../../examples/registering.js';
import { sendToTwo, sendWithCare, type Later } from '../../examples/sending.js';
import { Protocol, TelemetryModule } from '../../examples/telemetry.js';
import { EventsModule, SmsEvents } from '../../examples/webhooks.js';
import { withStatusTable } from '../../scripts/status-table.js';

const ROOT = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const documents = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...['libs/laaffic/README.md', 'libs/laaffic-sandbox/README.md', 'libs/laaffic-cli/README.md'],
  ...['libs/laaffic-outbox/README.md', 'libs/laaffic-verify/README.md', 'libs/embedded-postgres/README.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/^(node_modules|api)\//.test(file))
    .map((file) => join('docs', file)),
];
const blocks = (markdown: string, language: string) =>
  [...markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(([, name]) => name === language).map(([, , code]) => code!);

/** What a link to a heading is called. */
const anchors = (markdown: string) =>
  [...markdown.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

/** Without indentation, so that a block may be part of a function. */
const lines = (code: string) =>
  code
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .join('\n');

describe('documents', () => {
  it.each(documents)('%s links only to what there is', (file) => {
    const links = [...read(file).matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)].map(([, target]) => target!);
    const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(ROOT, dirname(file), link)));
    expect(missing).toEqual([]);
  });

  it.each(documents)('%s names only headings that there are', (file) => {
    const links = [...read(file).matchAll(/\]\(([^)#:]*)#([^)]*)\)/g)];
    const targetOf = (path: string) => (path === '' ? file : join(dirname(file), path));
    const missing = links.filter(([, path, anchor]) => !anchors(read(targetOf(path!))).includes(anchor!));
    expect(missing.map(([link]) => link)).toEqual([]);
  });

  it('show the two commands, which are scripts of the package', () => {
    const commands = blocks(read('README.md'), 'sh');
    expect(commands).toEqual(expect.arrayContaining(['npm ci && npm start\n', 'npm ci && npm test\n']));
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read('CONTRIBUTING.md').matchAll(/npm (?:run )?([\w:]+) +#/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(3);
    expect(['start', ...named].filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('show only code that is in examples/', () => {
    const examples = readdirSync(join(ROOT, 'examples')).map((file) => lines(read(join('examples', file))));
    const files = documents.filter((file) => !/decisions|sandbox|service/.test(file));
    const shown = files.flatMap((file) => blocks(read(file), 'ts'));
    expect(shown.length).toBeGreaterThanOrEqual(14);
    const inExamples = (block: string) =>
      examples.some((example) => example.includes(lines(block)) || example.includes(`return ${lines(block)}`));
    expect(shown.filter((block) => !inExamples(block))).toEqual([]);
  });

  it('show the status table as the code has it', () => {
    const page = read('docs/errors.md');
    const cells = (markdown: string) => markdown.replace(/ *\| */g, '|').replace(/-{3,}/g, '---');
    expect(cells(withStatusTable(page))).toBe(cells(page));
    expect(() => withStatusTable('no place')).toThrow('no place for the table');
  });

  it('name every option, and none that there is not', () => {
    const shown = [...read('libs/laaffic/README.md').matchAll(/^\| (`(?:[\w.]+`(?:, `)?)+) +\|/gm)].flatMap(
      ([, names]) => names!.split(', ').map((name) => name.replaceAll('`', '')),
    );
    const fields = (file: string, name: string) => {
      const source = read(`libs/laaffic/src/options/${file}.ts`);
      const [, body = ''] = new RegExp(`interface ${name}[\\w ]* \\{(.*?)^\\}`, 'ms').exec(source) ?? [];
      return [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, field]) => field!);
    };
    const options = [
      ...fields('account', 'AccountOptions'),
      ...fields('laaffic.options', 'LaafficOptions').filter(
        (name) => !['connection', 'queryRetry', 'rate'].includes(name),
      ),
      ...fields('laaffic.options', 'RateOptions').map((name) => `rate.${name}`),
      ...fields('laaffic.options', 'QueryRetryOptions').map((name) => `queryRetry.${name}`),
      ...fields('laaffic.options', 'ConnectionOptions').map((name) => `connection.${name}`),
    ];
    expect(options).toHaveLength(20);
    expect(options.filter((name) => !shown.includes(name))).toEqual([]);
    expect(shown.filter((name) => /^connection\.|^[a-z]+(Id|Key|Url)$/.test(name) && !options.includes(name))).toEqual(
      [],
    );
  });
});

describe('examples', () => {
  let sandbox: LaafficSandbox;
  const account = () => ({ ...SAMPLE_ACCOUNT, baseUrl: sandbox.url });

  beforeAll(async () => {
    sandbox = await LaafficSandbox.start();
  });
  beforeEach(() => {
    sandbox.reset();
  });
  afterAll(() => sandbox.close());

  it('the one of README.md is a whole app', async () => {
    const { appId, apiKey, apiSecret, baseUrl } = account();
    Object.assign(process.env, {
      LAAFFIC_APP_ID: appId,
      LAAFFIC_API_KEY: apiKey,
      LAAFFIC_API_SECRET: apiSecret,
      LAAFFIC_BASE_URL: baseUrl,
    });
    expect(blocks(read('README.md'), 'ts')[0]).toBe(read('examples/app.module.ts'));
    // The example reads its environment when it is loaded, so it is loaded now.
    const { AppModule } = await import('../../examples/app.module.js');
    const app = (await Test.createTestingModule({ imports: [AppModule] }).compile()).createNestApplication();
    app.useLogger(false);
    await app.listen(0, '127.0.0.1');
    const post = async (body: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${await app.getUrl()}/notifications`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return [answer.status, await answer.json()] as const;
    };
    const accepted = await post({ to: { number: '+91 856 321 412', orderId: 'order-1' }, content: 'hello world' });
    const rejected = await post({ to: '9990000010', content: 'hello world' });
    await app.close();
    const { msgId } = sandbox.messages[0]!;
    expect(accepted).toEqual([
      201,
      { accepted: [{ number: '91856321412', orderId: 'order-1', msgId }], rejected: [], unknown: [] },
    ]);
    expect(rejected).toEqual([
      503,
      expect.objectContaining({ code: 'LAAFFIC_INSUFFICIENT_BALANCE', outcome: 'rejected' }),
    ]);
  });

  it('register accounts in every way that is shown', async () => {
    @Module({ providers: [Notifications], imports: [withFactory(), named({ ...account(), apiKey: 'wrong' })] })
    class App {}
    const app = await Test.createTestingModule({ imports: [App] })
      .overrideProvider(Settings)
      .useValue({ laaffic: account() })
      .compile();
    app.useLogger(false);
    const { otp, campaigns } = app.get(Notifications);
    expect(await otp.send({ to: '91856321412', content: 'x' })).toMatchObject({ accepted: { length: 1 } });
    await expect(campaigns.send({ to: '91856321412', content: 'x' })).rejects.toMatchObject({ status: -1 });
    await app.close();

    const plain = await Test.createTestingModule({ imports: [withValues(account())] }).compile();
    expect(plain.get(SmsService)).toBeInstanceOf(SmsService);
    await plain.close();
  });

  it('send, and tell rejected from unknown', async () => {
    const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot(account())] }).compile();
    app.useLogger(false);
    const sms = app.get(SmsService);
    expect((await sendToTwo(sms)).accepted.map(({ number }) => number)).toEqual(['91856321412', '91856321413']);

    const calls: string[] = [];
    const later: Later = {
      again: ({ content }) => calls.push(`again ${content}`),
      resolve: (receipt) => calls.push(`resolve ${String(receipt)}`),
    };
    const command = { to: '91856321412', content: 'x' };
    sandbox.script([{ status: -10 }, { fault: 'cut-after-accepting' }]);
    await sendWithCare(sms, command, later);
    await sendWithCare(sms, command, later);
    expect(calls).toEqual(['again x', 'resolve accepted 0, rejected 0, unknown 1']);
    await sendWithCare(sms, command, later);
    expect(calls).toHaveLength(2);
    expect(sandbox.messages).toHaveLength(4);
    await app.close();
    await expect(
      sendWithCare({ send: () => Promise.reject(new RangeError('other')) } as unknown as SmsService, command, later),
    ).rejects.toThrow(RangeError);
  });

  it('send to many, stop, and go on', async () => {
    const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot(account())] }).compile();
    const sms = app.get(SmsService);
    const numbers = ['91856321412', '91856321413', 'x', '91856321412'];
    expect(await sendToAll(sms, numbers, 'hi')).toEqual({
      ...{ accepted: 2, rejected: 1, unknown: 0, dropped: 1 },
      failed: ['x: [2] must be a phone number with country code: it contains “x”, which is not part of a number'],
    });
    const folder = await mkdtemp(join(tmpdir(), 'bulk-'));
    const safely = () => sendToAllSafely(sms, numbers.slice(0, 2), 'once', join(folder, 'run.jsonl'));
    sandbox.script({ status: -10 });
    const counts = [await safely(), await safely(), await safely()];
    const file = join(folder, 'people.csv');
    await writeFile(file, 'Name;Phone\nAnn;+44 (0)20 7946 0958\nBob;020 7946 0959\n');
    expect(await sendFile(sms, file, 'of a file')).toMatchObject({ accepted: 1, rejected: 1 });
    await rm(folder, { recursive: true });
    await app.close();
    expect(counts.map(({ accepted, rejected }) => [accepted, rejected])).toEqual([
      [0, 2],
      [2, 0],
      [0, 0],
    ]);
    expect(sandbox.messages.filter(({ content }) => content === 'once')).toHaveLength(2);
    expect(costOf('On our way…')).toEqual({
      ...{ parts: 1, remainingUnits: 59, cheaper: 'On our way...' },
      nonGsm7Characters: [{ character: '…', position: 10, suggestion: '...' }],
    });
  });

  it('ask for everything there is to ask', async () => {
    const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot(account())] }).compile();
    const sms = app.get(SmsService);
    const { accepted } = await sms.send({ to: '91856321412', content: 'x' });
    const { msgId } = accepted[0]!;
    sandbox.addInboundMessage({ from: '91856321412', content: 'STOP' });
    const asked: string[] = [];
    const added: unknown[] = [];
    sandbox.setDeliveryState(msgId, 'queued');
    const balance = await askEverything(
      sms,
      msgId,
      { ask: (id) => asked.push(id) },
      { add: (item) => added.push(item) },
    );
    await app.close();
    expect(asked).toEqual([msgId]);
    expect(added).toHaveLength(1);
    expect(Number(balance.balance)).toEqual(Number(sandbox.funds.balance));
    expect(sandbox.conversions).toHaveLength(1);
  });

  it('take pushes', async () => {
    process.env.LAAFFIC_WEBHOOK_SECRET = 'a-secret-of-my-own-0123';
    const app = await NestFactory.create(EventsModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const push = async (route: string, body: object) => {
      const url = `${await app.getUrl()}/laaffic/a-secret-of-my-own-0123/${route}`;
      return (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).status;
    };
    const report = { ...reportPush({ msgId: '2108021054011000095', state: 'failed', reason: 'UNDELIV' }) };
    const inbound = { ...inboundPush({ from: '91856321412', content: 'STOP' }) };
    const statuses = [await push('reports', report), await push('inbound', inbound), await push('inbound', { odd: 1 })];
    const { failed, unsubscribed, odd } = app.get(SmsEvents);
    await app.close();
    expect(statuses).toEqual([200, 200, 400]);
    expect(failed).toEqual(['2108021054011000095: UNDELIV']);
    expect(unsubscribed).toEqual(['91856321412']);
    expect(odd).toEqual(['inbound missing-fields {"odd":1}']);
  });

  it('tell whether messages can be sent', async () => {
    const app = await NestFactory.create(HealthModule.for(account()), { logger: false });
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(`${await app.getUrl()}/health`);
    await app.close();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'ok' });
  });

  it('watch the traffic', async () => {
    const app = await NestFactory.createApplicationContext(TelemetryModule.for(account()), { logger: false });
    await app.get(SmsService).send({ to: '91856321412', content: 'x' });
    await app.get(SmsService).getBalance();
    const { lines } = app.get(Protocol);
    await app.close();
    expect(lines.map((line) => line.replace(/\d+ ms/, 'n ms'))).toEqual([
      'sendSms accepted ok n ms',
      'getBalance answered ok n ms',
    ]);
  });
});
