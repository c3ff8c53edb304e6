import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayClock, sign, type DeliveryReport, type LaafficException } from 'nestjs-laaffic';
import { ACCOUNT, client, failureOf } from './account.js';

// Answers written from the vendor's pages, so that each documented form can be had; the sandbox is in endpoints.spec.ts.
type Answer = object | string | { http: number; body: string };
interface Asked {
  method: string;
  path: string;
  search: Record<string, string>;
  rawUrl: string;
  body: unknown;
  headers: IncomingMessage['headers'];
}

let server: Server;
let asked: Asked[];
let answers: Answer[];
let gateway: Awaited<ReturnType<typeof client>>;

const FAST = { retries: 3, minDelayMs: 1, maxDelayMs: 2 };
const baseUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`;

beforeAll(async () => {
  server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const url = new URL(request.url!, 'http://gateway');
      asked.push({
        method: request.method!,
        path: url.pathname,
        search: Object.fromEntries(url.searchParams),
        rawUrl: request.url!,
        body: text === '' ? undefined : JSON.parse(text),
        headers: request.headers,
      });
      const answer = answers.shift();
      if (answer === undefined) request.socket.destroy();
      else if (typeof answer === 'object' && 'http' in answer) response.writeHead(answer.http).end(answer.body);
      else response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  gateway = await client({ baseUrl: baseUrl(), queryRetry: FAST });
});
beforeEach(() => {
  asked = [];
  answers = [];
});
afterAll(async () => {
  await gateway.close();
  server.close();
});

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const id = (n: number) => `21080210540110${String(n).padStart(5, '0')}`;
const ok = { status: '0', reason: 'success' };

describe('getDeliveryReports', () => {
  it('requests 200 ids at a time, and returns a report for each in the order given', async () => {
    const ids = Array.from({ length: 401 }, (_, i) => id(i));
    const item = (n: number, status: string) => ({
      msgId: id(n),
      number: '91856321412',
      receiveTime: '2021-02-12T09:30:03+08:00',
      status,
    });
    answers = [
      { ...ok, array: [item(1, '0'), item(0, '1')] },
      { ...ok, array: [item(200, '-1')] },
      { ...ok, success: '0', fail: '0', sending: '0', nofound: '1', array: [] },
    ];
    const reports = await gateway.sms.getDeliveryReports(ids);
    expect(
      asked.map(({ method, path, search }) => [method, path, search['appId'], search['msgIds']!.split(',').length]),
    ).toEqual([
      ['GET', '/v3/getReport', '4luaKsL2', 200],
      ['GET', '/v3/getReport', '4luaKsL2', 200],
      ['GET', '/v3/getReport', '4luaKsL2', 1],
    ]);
    expect(asked[2]!.rawUrl).toBe(`/v3/getReport?appId=4luaKsL2&msgIds=${id(400)}`);
    const at = new Date('2021-02-12T01:30:03Z');
    const missing = (n: number): DeliveryReport => ({
      msgId: id(n),
      number: undefined,
      state: 'not-found',
      at: undefined,
    });
    expect([reports.length, ...[0, 1, 2, 200, 400].map((n) => reports[n])]).toEqual([
      401,
      { msgId: id(0), number: '91856321412', state: 'failed', at },
      { msgId: id(1), number: '91856321412', state: 'delivered', at },
      missing(2),
      { msgId: id(200), number: '91856321412', state: 'sending', at },
      missing(400),
    ]);
  });

  it.each([undefined, null, ''])('accepts %j as the time of a message that is sending', async (receiveTime) => {
    answers = [{ ...ok, array: [{ msgId: id(1), number: '91856321412', status: -1, receiveTime }] }];
    expect(await gateway.sms.getDeliveryReports([id(1)])).toEqual([
      { msgId: id(1), number: '91856321412', state: 'sending', at: undefined },
    ]);
  });

  it('reads a price, with or without the settlement beside it', async () => {
    const pricedetail = {
      pay: '0.02',
      price: '0.01',
      chargeCnt: 2,
      currency: 'EUR',
      settleCurrency: 'USD',
      settlePay: '0.022',
    };
    answers = [{ ...ok, array: [{ msgId: id(1), number: '91856321412', status: '0', pricedetail }] }];
    const [report] = await gateway.sms.getDeliveryReports([id(1)]);
    expect(report!.price).toEqual({ total: '0.02', unit: '0.01', segments: 2, currency: 'EUR' });
  });

  it.each([
    ['7', 'unknown'],
    [-9, 'unknown'],
    ['2', 'failed'],
  ] as const)('reads the status %j as %s', async (status, state) => {
    answers = [
      {
        ...ok,
        success: '0',
        fail: '0',
        sending: '0',
        nofound: '0',
        array: [{ msgId: id(1), number: '91856321412', status }],
      },
    ];
    if (state === 'failed') answers = [{ ...ok, array: [{ msgid: id(1), number: '91856321412', status }] }];
    expect(await gateway.sms.getDeliveryReports([id(1)])).toMatchObject([{ msgId: id(1), state }]);
  });

  it('finds messages whose ids come as numbers', async () => {
    answers = [`{"status":0,"array":[{"msgid":${id(1)},"number":91856321412,"status":0}]}`];
    expect(await gateway.sms.getDeliveryReports([id(1), id(2)])).toMatchObject([
      { msgId: id(1), state: 'delivered' },
      { state: 'not-found' },
    ]);
  });

  it.each<[string, object, string]>([
    [
      'a row without an id',
      {
        array: [
          { msgId: id(1), status: '0' },
          { number: '91856321412', status: '0' },
        ],
      },
      'row 2 has no message id',
    ],
    ['a row without a status', { array: [{ msgId: id(1), number: '91856321412' }] }, 'row 1 has no status'],
    ['rows that are not objects', { array: [null, 7, 'x'] }, 'row 1 has no object, and 2 more cannot be read'],
    ['a list that is text', { array: 'none' }, 'the rows are not a list'],
    [
      'fewer rows than counted',
      { success: '2', fail: '0', sending: '0', array: [{ msgId: id(1), status: '0' }] },
      'the counters say 2 rows, but 1 were received',
    ],
    [
      'no rows, but one counted',
      { success: '1', fail: '0', sending: '0' },
      'the counters say 1 rows, but 0 were received',
    ],
    [
      'more rows than counted',
      { success: 0, fail: 0, sending: 0, nofound: 1, array: [{ msgId: id(1), status: '0' }] },
      'the counters say 0 rows, but 1 were received',
    ],
  ])('fails for %s', async (_, answer, reason) => {
    answers = Array.from({ length: 3 }, () => ({ ...ok, ...answer }));
    expect(await failureOf(gateway.sms.getDeliveryReports([id(1), id(2)]))).toMatchObject({
      kind: 'unreadable',
      outcome: 'rejected',
      reason: `getReport: ${reason}`,
    });
  });

  it('makes no request without ids, and rejects an invalid id', async () => {
    expect(await gateway.sms.getDeliveryReports([])).toEqual([]);
    expect(await failureOf(gateway.sms.getDeliveryReports([id(1), 'x', 5 as unknown as string]))).toMatchObject({
      code: 'LAAFFIC_INVALID_COMMAND',
      issues: [
        { field: 'msgIds[1]', problem: 'must be a message id: digits, as text' },
        { field: 'msgIds[2]', problem: 'must be a message id: digits, as text' },
      ],
    });
    expect(asked).toEqual([]);
  });
});

describe('listSentMessages', () => {
  const row = (n: number, status = '0') => ({
    msgId: id(n),
    number: '91856321412',
    receiveTime: '2021-02-12T09:30:03+08:00',
    status,
  });

  it('reads pages until one has nothing new, and reads 2 as failed', async () => {
    answers = [
      { ...ok, array: [row(1), row(2, '2')] },
      { ...ok, array: [row(3)] },
      { ...ok, array: [] },
    ];
    const range = { from: '2021-02-12T00:00:00+08:00', to: new Date('2021-02-12T15:59:59Z') };
    const reports = await all(gateway.sms.listSentMessages(range));
    expect(reports.map(({ msgId, state }) => [msgId, state])).toEqual([
      [id(1), 'delivered'],
      [id(2), 'failed'],
      [id(3), 'delivered'],
    ]);
    const url = (startIndex: number) =>
      `/v3/getSentRcd?appId=4luaKsL2&startTime=2021-02-12T00%3A00%3A00%2B08%3A00&endTime=2021-02-12T23%3A59%3A59%2B08%3A00&startIndex=${startIndex}`;
    expect(asked.map(({ rawUrl }) => rawUrl)).toEqual([url(0), url(2), url(3)]);
  });

  it('ends if the platform repeats its last page instead of an empty one', async () => {
    answers = [
      { ...ok, array: [row(1)] },
      { ...ok, array: [row(1)] },
    ];
    expect(await all(gateway.sms.listSentMessages({ from: new Date(0), to: new Date(1000) }))).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  it.each<[string, object[], string[], string]>([
    [
      'a row that cannot be read, after the others of its page',
      [{ array: [row(1), { ...row(2), status: 'fine' }, row(3)] }],
      [id(1), id(3)],
      'row 2 has no status',
    ],
    [
      'counters of a page that names more',
      [{ success: '2', fail: '1', array: [row(1)] }, { array: [] }],
      [id(1)],
      'the counters say 3 rows, but 1 were received',
    ],
    [
      'counters of the whole slot that names more',
      [
        { success: '3', fail: '1', array: [row(1), row(2)] },
        { success: '3', fail: '1', array: [row(3)] },
        { success: '3', fail: '1' },
      ],
      [id(1), id(2), id(3)],
      'the counters say 4 rows, but 3 were received',
    ],
  ])('fails for %s', async (_, pages, read, reason) => {
    answers = pages.map((page) => ({ ...ok, ...page }));
    const seen: string[] = [];
    const reading = async () => {
      const range = { from: new Date(0), to: new Date(1000) };
      for await (const { msgId } of gateway.sms.listSentMessages(range)) seen.push(msgId);
    };
    expect(await failureOf(reading())).toMatchObject({ kind: 'unreadable', reason: `getSentRcd: ${reason}` });
    expect(seen).toEqual(read);
  });

  it.each([
    ['of the page', '1'],
    ['of the whole slot', '2'],
  ])('accepts counters %s', async (_, success) => {
    answers = [
      { ...ok, success, fail: '0', array: [row(1)] },
      { ...ok, success, fail: '0', array: [row(2)] },
      { ...ok, array: [] },
    ];
    expect(await all(gateway.sms.listSentMessages({ from: new Date(0), to: new Date(1000) }))).toHaveLength(2);
  });

  it('splits a range of more than 31 days', async () => {
    answers = new Array<object>(3).fill({ ...ok, array: [] });
    await all(gateway.sms.listSentMessages({ from: '2021-01-01T00:00:00+08:00', to: '2021-03-05T00:00:00+08:00' }));
    expect(asked.map(({ search }) => [search['startTime'], search['endTime']])).toEqual([
      ['2021-01-01T00:00:00+08:00', '2021-01-31T23:59:59+08:00'],
      ['2021-02-01T00:00:00+08:00', '2021-03-03T23:59:59+08:00'],
      ['2021-03-04T00:00:00+08:00', '2021-03-05T00:00:00+08:00'],
    ]);
  });

  it('requests no further page after its reader stops', async () => {
    answers = [{ ...ok, array: [row(1), row(2)] }];
    for await (const report of gateway.sms.listSentMessages({ from: new Date(0), to: new Date(1000) })) {
      expect(report.msgId).toBe(id(1));
      break;
    }
    expect(asked).toHaveLength(1);
  });

  it('rejects an invalid range', () => {
    expect(() => gateway.sms.listSentMessages({ from: '2021-01-01', to: new Date() })).toThrow(
      'from must be a Date, or ISO 8601',
    );
  });
});

describe('listInboundMessages', () => {
  const record = (content: string) => ({
    number: '91856321412',
    sendId: '12345',
    receiveTime: '2026-01-31T09:00:00+08:00',
    content,
    mcc: 404,
    mnc: -1,
  });

  it.each<[string, unknown[], number, string]>([
    [
      'a row that cannot be read',
      [{ records: [record('one'), { content: 'two' }] }],
      1,
      'row 2 has no sender or no content',
    ],
    ['data that is text', ['nothing'], 0, 'the rows are not a list'],
    [
      'fewer rows than counted',
      [{ total: 2, size: 100, pages: 1, records: [record('one')] }],
      1,
      'the counters say 2 rows, but 1 were received',
    ],
    [
      'no rows, but one counted',
      [{ total: 1, size: 100, pages: 1 }],
      0,
      'the counters say 1 rows, but 0 were received',
    ],
    [
      'a page that is repeated in place of the next',
      [1, 2].map(() => ({ total: 2, size: 1, pages: 2, records: [record('one')] })),
      1,
      'the counters say 1 rows, but 0 were received',
    ],
  ])('fails for %s', async (_, pages, read, reason) => {
    answers = pages.map((data) => ({ ...ok, data }));
    const seen: unknown[] = [];
    const reading = async () => {
      for await (const sms of gateway.sms.listInboundMessages({ from: new Date(0), to: new Date(1000) }))
        seen.push(sms);
    };
    expect(await failureOf(reading())).toMatchObject({ kind: 'unreadable', reason: `recordMo: ${reason}` });
    expect(seen).toHaveLength(read);
  });

  it('reads page after page', async () => {
    const page = (current: number, records: object[]) => ({
      ...ok,
      data: { total: 3, size: 2, current, pages: 2, records },
    });
    answers = [page(1, [record('one'), record('two')]), page(2, [record('three')])];
    const messages = await all(
      gateway.sms.listInboundMessages({ from: '2026-01-31T00:00:00+08:00', to: '2026-01-31T23:59:59+08:00' }),
    );
    expect(messages.map(({ content }) => content)).toEqual(['one', 'two', 'three']);
    expect(messages[0]).toEqual({
      from: '91856321412',
      to: '12345',
      content: 'one',
      at: new Date('2026-01-31T01:00:00Z'),
      mcc: '404',
    });
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual(
      [1, 2].map((current) => [
        'POST',
        '/v3/recordMo',
        {
          appId: '4luaKsL2',
          current,
          size: 100,
          params: { strTime: '2026-01-31T00:00:00+08:00', endTime: '2026-01-31T23:59:59+08:00' },
        },
      ]),
    );
  });

  it('ends at a repeated page if the platform does not say how many there are', async () => {
    const page = { ...ok, data: { records: [record('one')] } };
    answers = [page, page];
    expect(await all(gateway.sms.listInboundMessages({ from: new Date(0), to: new Date(1000) }))).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  it('ends at an empty response', async () => {
    answers = [{ ...ok, data: null }];
    expect(await all(gateway.sms.listInboundMessages({ from: new Date(0), to: new Date(1000) }))).toEqual([]);
  });
});

describe('getBalance', () => {
  it.each([
    [
      { balance: '99.990000', gift: '50.00000', credit: '0' },
      { balance: '99.990000', gift: '50.00000', credit: '0' },
    ],
    [
      { balance: '12345678901234567890.123456', gift: '0' },
      { balance: '12345678901234567890.123456', gift: '0' },
    ],
    [{ balance: '-1.5' }, { balance: '-1.5', gift: '0' }],
    [
      { balance: 7, gift: 0, credit: 1.5 },
      { balance: '7', gift: '0', credit: '1.5' },
    ],
  ])('returns %j as exact text', async (fields, expected) => {
    answers = [{ ...ok, ...fields }];
    expect(await gateway.sms.getBalance()).toEqual(expected);
    expect(asked[0]!.method).toBe('GET');
    expect(asked[0]!.rawUrl).toBe('/v3/getBalance');
    expect(asked[0]!.body).toBeUndefined();
  });

  it('is unreadable if the response has none', async () => {
    answers = [{ ...ok, balance: 'much' }];
    expect(await failureOf(gateway.sms.getBalance())).toMatchObject({
      code: 'LAAFFIC_UNREADABLE_RESPONSE',
      outcome: 'rejected',
    });
  });
});

describe('clockOffsetMs', () => {
  it('is the offset at the last query, although nothing was rejected', async () => {
    const slow = await client({ baseUrl: baseUrl(), queryRetry: FAST }, new GatewayClock(() => Date.now() - 600_000));
    answers = [{ ...ok, balance: '1' }];
    expect(slow.sms.clockOffsetMs).toBe(0);
    await slow.sms.getBalance();
    expect(Math.abs(slow.sms.clockOffsetMs - 600_000)).toBeLessThan(5_000);
    expect(slow.clock.offsetMs).toBe(0);
    await slow.close();
  });
});

describe('confirmConversion', () => {
  it('sends the number, the time in milliseconds as text, and msgid in lower case', async () => {
    answers = [ok, ok];
    await gateway.sms.confirmConversion({ number: '+86 135 1234 5678', msgId: id(1), at: new Date(1681184764000) });
    await gateway.sms.confirmConversion({ number: '8613512345678', at: '2023-04-11T11:46:04+08:00' });
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      [
        'POST',
        '/v3/postback/backfill',
        { appId: '4luaKsL2', number: '8613512345678', time: '1681184764000', msgid: id(1) },
      ],
      ['POST', '/v3/postback/backfill', { appId: '4luaKsL2', number: '8613512345678', time: '1681184764000' }],
    ]);
  });

  it('rejects a wrong conversion, field by field', async () => {
    const wrong = { number: 'x', msgId: 'y', at: 'now' };
    expect(await failureOf(gateway.sms.confirmConversion(wrong))).toMatchObject({
      issues: [{ field: 'number' }, { field: 'msgId' }, { field: 'at' }],
    });
  });
});

describe('a query that fails', () => {
  const balance = { ...ok, balance: '1' };

  it.each<[string, Answer]>([
    ['-15', { status: '-15', reason: 'frequent query' }],
    ['-18', { status: '-18', reason: 'port program unusual' }],
    ['HTTP 502 with HTML', { http: 502, body: '<html>' }],
    ['HTTP 429', { http: 429, body: '' }],
    ['broken JSON', '{"status":'],
  ])('with %s is retried until it succeeds', async (_, failure) => {
    answers = [failure, failure, failure, balance];
    expect(await gateway.sms.getBalance()).toEqual({ balance: '1', gift: '0' });
    expect(asked).toHaveLength(4);
  });

  it('with a lost connection is retried, and fails after the last retry', async () => {
    const error = await failureOf(gateway.sms.getBalance());
    expect(error).toMatchObject({
      kind: 'transport',
      code: 'LAAFFIC_CONNECTION_LOST',
      outcome: 'rejected',
      receipt: undefined,
    });
    expect(asked).toHaveLength(4);
  });

  it.each([
    [-1, 'account'],
    [-10, 'account'],
    [-11, 'input'],
    [-12, 'platform'],
    [-14, 'input'],
    [-25, 'input'],
    [-99, 'platform'],
  ])('with %i is not retried', async (status, kind) => {
    answers = [{ status: String(status), reason: 'x' }];
    expect(await failureOf(gateway.sms.getBalance())).toMatchObject({ status, kind, outcome: 'rejected' });
    expect(asked).toHaveLength(1);
  });

  it('with -16 sets the clock once and is retried at once', async () => {
    const off = await client({ baseUrl: baseUrl(), queryRetry: { ...FAST, retries: 0 } }, new GatewayClock(() => 0));
    answers = [{ status: '-16', reason: 'timestamp expires' }, balance];
    expect(await off.sms.getBalance()).toEqual({ balance: '1', gift: '0' });
    expect(Math.abs(off.sms.clockOffsetMs - Date.now())).toBeLessThan(5000);
    answers = [
      { status: '-16', reason: 'timestamp expires' },
      { status: '-16', reason: 'timestamp expires' },
    ];
    expect(await failureOf(off.sms.getBalance())).toMatchObject({ kind: 'clock', status: -16 });
    await off.close();
    expect(asked).toHaveLength(4);
  });

  it('ends at its deadline and does not wait beyond it', async () => {
    const patient = await client({
      baseUrl: baseUrl(),
      queryRetry: { retries: 50, minDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    answers = [{ status: '-15', reason: 'frequent query' }];
    const error = (await failureOf(patient.sms.getBalance({ timeoutMs: 5_000 }))) as LaafficException;
    await patient.close();
    expect(error).toMatchObject({ kind: 'limit', status: -15 });
    expect(asked).toHaveLength(1);
  });

  it('ends when its signal aborts, also before a retry', async () => {
    const patient = await client({
      baseUrl: baseUrl(),
      queryRetry: { retries: 50, minDelayMs: 60_000, maxDelayMs: 60_000, timeoutMs: 1_000_000 },
    });
    const controller = new AbortController();
    answers = [{ status: '-15', reason: 'frequent query' }];
    const call = failureOf(patient.sms.getBalance({ signal: controller.signal }));
    await once(server, 'request');
    // The answer is under way; the pause after it begins, or is about to.
    setImmediate(() => {
      controller.abort();
    });
    expect(await call).toMatchObject({ code: 'LAAFFIC_ABORTED', outcome: 'rejected' });
    await patient.close();
    expect(asked).toHaveLength(1);
  });
});

describe('sendBatch', () => {
  const messages = [
    {
      to: [
        { number: '91856321412', orderId: '56584' },
        { number: '91856321413', orderId: '56585' },
      ],
      content: 'test message',
      senderId: '',
    },
    { to: { number: '91856321414', orderId: '56586' }, content: 'test message1' },
  ];

  it("sends the vendor's sample of a batch, and finds every recipient in its flat response", async () => {
    const item = (number: string, orderId: string, n: number) => ({ msgId: id(n), number, orderId });
    const array = [item('91856321414', '56586', 3), item('91856321412', '56584', 1), item('91856321413', '56585', 2)];
    answers = [{ ...ok, success: '3', fail: '0', array }];
    expect(await gateway.sms.sendBatch(messages)).toEqual({
      accepted: [array[1], array[2], array[0]],
      rejected: [],
      unknown: [],
    });
    expect(asked[0]!.method).toBe('POST');
    expect(asked[0]!.path).toBe('/v3/sendSms/batch');
    expect(asked[0]!.body).toEqual({
      appId: '4luaKsL2',
      array: [
        { numbers: '91856321412,91856321413', content: 'test message', orderId: '56584,56585' },
        { numbers: '91856321414', content: 'test message1', orderId: '56586' },
      ],
    });
  });

  it('is attempted once, and unknown if the response is lost', async () => {
    const error = await failureOf(gateway.sms.sendBatch(messages));
    expect(error).toMatchObject({
      code: 'LAAFFIC_CONNECTION_LOST',
      outcome: 'unknown',
      receipt: { unknown: { length: 3 } },
    });
    expect(asked).toHaveLength(1);
  });

  it('removes contents from the text of the gateway', async () => {
    answers = [{ status: '-3', reason: 'bad: test message1 / test message' }];
    expect(await failureOf(gateway.sms.sendBatch(messages))).toMatchObject({
      reason: expect.not.stringMatching('test'),
    });
  });

  it('accepts as many recipients as the option allows', async () => {
    const small = await client({ baseUrl: baseUrl(), maxBatchRecipients: 2 });
    expect(await failureOf(small.sms.sendBatch(messages))).toMatchObject({
      field: 'messages',
    });
    await small.close();
    expect(asked).toEqual([]);
  });
});

describe('withAccount', () => {
  const tenant = { appId: 'tenantApp', apiKey: 'tenantKey\n', apiSecret: ' tenantSecret', senderId: 'TENANT' };

  it('sends for another account, with its own signature, sender and application', async () => {
    const answer = { ...ok, success: '1', fail: '0', array: [{ msgId: id(1), number: '91856321412' }] };
    answers = [answer, answer, { ...ok, balance: '1' }, answer];
    const theirs = gateway.sms.withAccount(tenant);
    await theirs.send({ to: '91856321412', content: 'x' });
    await gateway.sms.send({ to: '91856321412', content: 'x' });
    await theirs.getBalance();
    await theirs.send({ to: '91856321412', content: 'x' }, { method: 'GET' });
    const signature = (key: string, secret: string, n: number) =>
      sign(key, secret, String(asked[n]!.headers['timestamp']));
    expect(asked.map(({ headers }) => [headers['api-key'], headers['sign']])).toEqual([
      ['tenantKey', signature('tenantKey', 'tenantSecret', 0)],
      [ACCOUNT.apiKey, signature(ACCOUNT.apiKey, ACCOUNT.apiSecret, 1)],
      ['tenantKey', signature('tenantKey', 'tenantSecret', 2)],
      ['tenantKey', signature('tenantKey', 'tenantSecret', 3)],
    ]);
    expect(asked.map(({ body, search }) => (body as { appId?: string } | undefined)?.appId ?? search['appId'])).toEqual(
      ['tenantApp', '4luaKsL2', undefined, 'tenantApp'],
    );
    expect(
      asked.map(({ body, search }) => (body as { senderId?: string } | undefined)?.senderId ?? search['senderId']),
    ).toEqual(['TENANT', undefined, undefined, 'TENANT']);
  });

  it('rejects malformed credentials', () => {
    expect(() => gateway.sms.withAccount({ ...tenant, apiSecret: '' })).toThrow(
      'Invalid Laaffic options: apiSecret is missing or blank',
    );
  });
});
