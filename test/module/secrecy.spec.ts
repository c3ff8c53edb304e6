import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Body, Controller, Post, type INestApplication, type LoggerService } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { LaafficSandbox, type ScriptStep } from 'laaffic-sandbox';
import { LaafficException, LaafficExceptionFilter, LaafficModule, sign, SmsReceipt, SmsService } from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';
import { failureOf } from './account.js';

const KEY = 'KEYkeyKEYkey0123456789abcdefKEY1';
const SECRET = 'SECRETsecretSECRET9876543210SEC1';
const CONTENT = 'Your code is 482913, do not share it';
const NUMBER = '91856321412';
const TO = [{ number: NUMBER, orderId: 'order-1' }];

@Controller()
class NotifyController {
  constructor(private readonly sms: SmsService) {}

  @Post('notify')
  send(@Body() command: SendSmsCommand) {
    return this.sms.send(command);
  }
}

/** Keeps every line, as text and as the objects that were logged. */
class KeepingLogger implements LoggerService {
  readonly lines: string[] = [];
  private keep = (...parts: unknown[]) => {
    this.lines.push(parts.map((part) => everyFormOf(part)).join(' '));
  };
  log = this.keep;
  error = this.keep;
  warn = this.keep;
  debug = this.keep;
  verbose = this.keep;
  fatal = this.keep;
}

function everyFormOf(value: unknown): string {
  const error =
    value instanceof Error ? `${value.message} ${value.stack ?? ''} ${everyFormOf(value.cause ?? null)}` : '';
  return [String(value), JSON.stringify(value), inspect(value, { depth: 12 }), error].join('\n');
}

// What the gateway may say back: everything it knows of the request.
const echo = {
  status: '-9',
  reason: `bad ${NUMBER} ${CONTENT} ${KEY} ${SECRET}`,
  failArray: [{ number: NUMBER, reason: `${NUMBER}: ${CONTENT}` }],
};
const STEPS: [string, ScriptStep][] = [
  ['a rejection', { status: -10 }],
  ['a rejection for a wrong signature', { status: -1, reason: `sign ${KEY}` }],
  ['an answer that repeats the request', { fault: 'raw', body: JSON.stringify(echo) }],
  [
    'a page that repeats the request',
    { fault: 'raw', httpStatus: 502, headers: { 'content-type': 'text/html' }, body: `<p>${JSON.stringify(echo)}</p>` },
  ],
  ['broken JSON that repeats the request', { fault: 'raw', body: `${NUMBER} ${CONTENT}` }],
  ['a cut connection', { fault: 'cut-after-accepting' }],
  ['a time-out', { fault: 'hang-after-accepting' }],
  ['a wrong clock', { status: -16 }],
];

describe('key, secret, signature, content and whole number stay out of', () => {
  let sandbox: LaafficSandbox;
  let app: INestApplication;
  const logger = new KeepingLogger();

  beforeAll(async () => {
    sandbox = await LaafficSandbox.start({ apiKey: KEY, apiSecret: SECRET });
    const options = { appId: '4luaKsL2', apiKey: KEY, apiSecret: SECRET, baseUrl: sandbox.url, timeoutMs: 600 };
    const testing = await Test.createTestingModule({
      imports: [LaafficModule.forRoot(options)],
      controllers: [NotifyController],
      providers: [{ provide: APP_FILTER, useClass: LaafficExceptionFilter }],
    }).compile();
    app = testing.createNestApplication({ logger });
    await app.listen(0, '127.0.0.1');
  });
  beforeEach(() => {
    sandbox.reset();
    logger.lines.length = 0;
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  /** What of the secrets can be found in the sinks. */
  function found(sinks: readonly string[]): string[] {
    const all = [...sinks, ...logger.lines].join('\n');
    const signatures = sandbox.requests.map(({ headers }) => sign(KEY, SECRET, String(headers['timestamp'])));
    return [KEY, SECRET, CONTENT, '482913', NUMBER, ...signatures].filter((secret) => all.includes(secret));
  }

  it.each(STEPS)('logs, errors and responses of %s', async (_, step) => {
    sandbox.script({ times: null, ...step });
    const sms = app.get(SmsService);
    const error = await failureOf(sms.send({ to: TO, content: CONTENT }));
    const answer = await fetch(`${await app.getUrl()}/notify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: TO, content: CONTENT }),
    });
    const body = await answer.text();
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(sandbox.requests.length).toBeGreaterThanOrEqual(2);
    expect(logger.lines.length).toBeGreaterThanOrEqual(2);

    const { receipt } = error as LaafficException;
    expect(receipt).toBeInstanceOf(SmsReceipt);
    const printed = [inspect(error, { showHidden: true, depth: 12 }), inspect(receipt), String(receipt)];
    expect(found([everyFormOf(error), body, ...printed])).toEqual([]);
  });

  it('the printed receipt of an accepted message, the service and the module', async () => {
    const sms = app.get(SmsService);
    const receipt = await sms.send({ to: TO, content: CONTENT });
    expect(receipt.accepted[0]?.number).toBe(NUMBER);
    const objects = [sms, app.get(LaafficModule, { strict: false })];
    const printed = objects.map((object) => `${inspect(object, { depth: 12 })} ${JSON.stringify(object)}`);
    expect(found([inspect(receipt), String(receipt), ...printed])).toEqual([]);
    expect(inspect(receipt)).toContain('accepted 9185…412 order-1');
  });

  it('the cause of a response that is not HTTP and repeats the request', async () => {
    const parrot = createServer((socket) => {
      socket.on('data', (bytes) => socket.end(bytes));
    });
    await once(parrot.listen(0, '127.0.0.1'), 'listening');
    const { port } = parrot.address() as AddressInfo;
    const account = { appId: '4luaKsL2', apiKey: KEY, apiSecret: SECRET, baseUrl: `http://127.0.0.1:${port}` };
    const testing = await Test.createTestingModule({ imports: [LaafficModule.forRoot(account)] }).compile();
    testing.useLogger(logger);
    const error = (await failureOf(testing.get(SmsService).send({ to: TO, content: CONTENT }))) as LaafficException;
    await testing.close();
    parrot.close();
    expect(error).toMatchObject({
      code: 'LAAFFIC_CONNECTION_LOST',
      outcome: 'unknown',
      reason: 'HTTPParserError',
    });
    expect(found([everyFormOf(error), inspect(error.cause, { showHidden: true, depth: 9 })])).toEqual([]);
  });

  it('errors of commands that the module rejects', async () => {
    const to = [`${NUMBER}x`, { number: NUMBER, orderId: `${NUMBER},` }];
    const error = await failureOf(app.get(SmsService).send({ to, content: CONTENT.repeat(50) }));
    expect(error).toMatchObject({ issues: { length: 3 } });
    expect(found([everyFormOf(error)])).toEqual([]);
  });
});
