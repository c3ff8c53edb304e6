import { Body, Controller, Post, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LaafficSandbox } from 'laaffic-sandbox';
import * as library from 'nestjs-laaffic';
import { LaafficException, LaafficModule, SmsService, STATUS_TABLE, UseLaafficErrors } from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';
import { ACCOUNT, failureOf } from './account.js';

@Controller()
@UseLaafficErrors()
class NotifyController {
  constructor(private readonly sms: SmsService) {}

  @Post('notify')
  send(@Body() command: SendSmsCommand) {
    return this.sms.send(command);
  }
}

// Written down from the requirements, not from the source: status, name, kind, outcome, HTTP status, field.
const TABLE = [
  [-1, 'AUTHENTICATION_FAILED', 'account', 'rejected', 502],
  [-2, 'IP_RESTRICTED', 'account', 'rejected', 502],
  [-3, 'SENSITIVE_CONTENT', 'input', 'rejected', 422, 'content'],
  [-4, 'EMPTY_CONTENT', 'input', 'rejected', 400, 'content'],
  [-5, 'CONTENT_TOO_LONG', 'input', 'rejected', 400, 'content'],
  [-6, 'NOT_A_TEMPLATE', 'input', 'rejected', 422, 'content'],
  [-7, 'TOO_MANY_NUMBERS', 'input', 'rejected', 400, 'to'],
  [-8, 'EMPTY_NUMBER', 'input', 'rejected', 400, 'to'],
  [-9, 'ABNORMAL_NUMBER', 'input', 'rejected', 422, 'to'],
  [-10, 'INSUFFICIENT_BALANCE', 'account', 'rejected', 503],
  [-11, 'INVALID_TIME_FORMAT', 'input', 'rejected', 400],
  [-12, 'SUBMIT_FAILED', 'platform', 'unknown', 503],
  [-13, 'USER_LOCKED', 'account', 'rejected', 502],
  [-14, 'EMPTY_FIELD', 'input', 'rejected', 400],
  [-15, 'TOO_FREQUENT', 'limit', 'rejected', 429],
  [-16, 'TIMESTAMP_EXPIRED', 'clock', 'rejected', 503],
  [-17, 'EMPTY_TEMPLATE', 'input', 'rejected', 422],
  [-18, 'GATEWAY_FAULT', 'platform', 'unknown', 503],
  [-19, 'PRICING_NOT_CONFIRMED', 'account', 'rejected', 502],
  [-20, 'ALREADY_EXISTS', 'input', 'rejected', 409],
  [-21, 'INVALID_DATA', 'input', 'rejected', 400],
  [-22, 'INVALID_PARAMETER', 'input', 'rejected', 400],
  [-23, 'QUOTA_EXHAUSTED', 'account', 'rejected', 503],
  [-24, 'NOT_FOUND', 'input', 'rejected', 404],
  [-25, 'OUT_OF_TIME_RANGE', 'input', 'rejected', 400],
  [-26, 'FEE_UNAVAILABLE', 'account', 'rejected', 502],
  [-27, 'TOTAL_LIMIT', 'limit', 'rejected', 429],
  [-28, 'NUMBER_LIMIT', 'limit', 'rejected', 429],
  [-29, 'WORKSPACE_DISABLED', 'account', 'rejected', 502],
  [-30, 'KEY_DISABLED', 'account', 'rejected', 502],
  [-31, 'IP_NOT_WHITELISTED', 'account', 'rejected', 502],
  [-32, 'KEY_WITHOUT_RIGHT', 'account', 'rejected', 502],
  [-99, 'UNLISTED_STATUS', 'platform', 'unknown', 502],
] as const;

const CLASS_OF_KIND = {
  account: library.LaafficAccountException,
  clock: library.LaafficClockException,
  input: library.LaafficInputException,
  limit: library.LaafficLimitException,
  platform: library.LaafficPlatformException,
};
const ERROR_NAMES: Record<number, string> = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

describe('each status of the gateway', () => {
  let sandbox: LaafficSandbox;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    sandbox = await LaafficSandbox.start();
    const testing = await Test.createTestingModule({
      imports: [LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url })],
      controllers: [NotifyController],
    }).compile();
    app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/notify`;
  });
  beforeEach(() => {
    sandbox.reset();
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const command = { to: { number: '91856321412', orderId: 'order-1' }, content: 'hello world' };
  const post = () =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(command) });

  it('is in the table above', () => {
    expect([...STATUS_TABLE.keys()]).toEqual(
      TABLE.map(([status]) => status as number).filter((status) => status >= -32),
    );
  });

  it('0 resolves with the receipt, and the response is 201', async () => {
    const accepted = {
      accepted: [{ number: '91856321412', orderId: 'order-1', msgId: expect.stringMatching(/^\d{19}$/) }],
      rejected: [],
      unknown: [],
    };
    expect(await app.get(SmsService).send(command)).toEqual(accepted);
    const answer = await post();
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual(accepted);
  });

  it.each(TABLE)(
    '%i is %s: an exception of kind %s, outcome %s, HTTP %i',
    async (...[status, name, kind, outcome, http, field]) => {
      sandbox.script({ status, reason: 'words of the gateway', times: null });
      const attempts = status === -16 ? 2 : 1;
      const code = `LAAFFIC_${name}`;

      const error = await failureOf(app.get(SmsService).send(command));
      expect(error).toBeInstanceOf(CLASS_OF_KIND[kind]);
      expect(error).toMatchObject({
        code,
        kind,
        outcome,
        status,
        reason: 'words of the gateway',
        name: CLASS_OF_KIND[kind].name,
      });
      const entry = { number: '91856321412', orderId: 'order-1', code, reason: 'words of the gateway' };
      const receipt = { accepted: [], rejected: [], unknown: [], [outcome]: [expect.objectContaining(entry)] };
      expect((error as LaafficException).receipt).toEqual(receipt);
      expect(sandbox.requests).toHaveLength(attempts);

      const seconds = http === 429 ? (status === -15 ? 1 : 60) : undefined;
      const answer = await post();
      expect(answer.status).toBe(http);
      expect(await answer.json()).toEqual({
        statusCode: http,
        error: ERROR_NAMES[http],
        message: (error as LaafficException).failure.title,
        code,
        outcome,
        ...(field === undefined ? {} : { field }),
        ...(seconds === undefined ? {} : { retryAfterSeconds: seconds }),
      });
      expect(answer.headers.get('retry-after')).toBe(seconds === undefined ? null : String(seconds));
      expect(sandbox.requests).toHaveLength(2 * attempts);
      expect(sandbox.messages).toEqual([]);
    },
  );
});
