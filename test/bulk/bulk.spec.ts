import { setImmediate } from 'node:timers/promises';
import { LaafficSandbox, type ScriptStep } from 'laaffic-sandbox';
import { BulkStoppedError, type BulkReceipt, type BulkRun } from 'nestjs-laaffic';
import { client, failureOf } from '../module/account.js';
import { until } from '../until.js';

const MESSAGE = { content: 'hi' };
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(91_850_000_000 + from + i));

let sandbox: LaafficSandbox;
let gateway: Awaited<ReturnType<typeof client>>;
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ historyLimit: null, quirks: { maxRequestsPerSecond: null } });
  gateway = await client({ baseUrl: sandbox.url, queryRetry: { minDelayMs: 1, maxDelayMs: 2 } });
});
afterEach(() => {
  sandbox.assertScriptDone();
  sandbox.reset();
  sandbox.configure({ rejectionRules: [] });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

const bulk: typeof gateway.sms.sendBulk = (...args) => gateway.sms.sendBulk(...args);
const inLedger = () => sandbox.messages.map(({ number }) => number);
const stretch = ({ first, count }: BulkReceipt) => [first, count];

async function untilStopped(run: BulkRun): Promise<{ receipts: BulkReceipt[]; error: unknown }> {
  const receipts: BulkReceipt[] = [];
  const read = async () => {
    for await (const receipt of run) receipts.push(receipt);
  };
  return { error: await failureOf(read()), receipts };
}

describe('a bulk run', () => {
  it('sends to all recipients, request by request, and yields a receipt for each request', async () => {
    const to = numbers(2_500);
    const run = bulk(to, { ...MESSAGE, senderId: ' ACME ' });
    expect(run.counts).toEqual({ accepted: 0, rejected: 0, unknown: 0, dropped: 0, notAttempted: undefined });
    const receipts = await run.toArray();
    expect(receipts.map(stretch)).toEqual([
      [0, 1000],
      [1000, 1000],
      [2000, 500],
    ]);
    expect(receipts.flatMap(({ accepted }) => accepted.map(({ number }) => number))).toEqual(to);
    expect(run.counts).toEqual({ accepted: 2500, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 });
    expect(run.processed).toEqual([[0, 2500]]);
    expect(inLedger().sort()).toEqual(to);
    expect(sandbox.messages.every(({ content, senderId }) => content === 'hi' && senderId === 'ACME')).toBe(true);
    expect(new Set(sandbox.messages.map(({ orderId }) => orderId)).size).toBe(2500);
  });

  it('sends nothing for an empty source', async () => {
    expect(await bulk([], MESSAGE).drain()).toEqual({
      ...{ accepted: 0, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 },
    });
    expect(sandbox.requests).toEqual([]);
  });

  it('starts when it is iterated, and can be iterated once', async () => {
    const run = bulk(numbers(1), MESSAGE);
    await setImmediate();
    expect(sandbox.requests).toEqual([]);
    await run.drain();
    expect(() => run[Symbol.asyncIterator]()).toThrow('A bulk run can be iterated once only');
  });

  it('yields receipts in the order of the source, or as requests end', async () => {
    const slowFirst: ScriptStep[] = [{ responseDelayMs: 500 }, {}, {}];
    sandbox.script(slowFirst);
    const inOrder = await bulk(numbers(3), MESSAGE, { batchSize: 1 }).toArray();
    sandbox.script(slowFirst);
    const asTheyEnd = await bulk(numbers(3), MESSAGE, { batchSize: 1, order: 'completion' }).toArray();
    expect(inOrder.map(({ first }) => first)).toEqual([0, 1, 2]);
    const slow = numbers(3).indexOf(inLedger()[3]!);
    expect(asTheyEnd.map(({ first }) => first).at(-1)).toBe(slow);
    expect(asTheyEnd).toHaveLength(3);
  });

  it('stays at most a few requests ahead of its reader', async () => {
    let read = 0;
    function* endless() {
      for (;;) yield String(91_850_000_000 + read++);
    }
    const run = bulk(endless(), MESSAGE, { batchSize: 10, concurrency: 2 });
    const receipts = run[Symbol.asyncIterator]();
    await receipts.next();
    await until(() => sandbox.requests.length >= 4);
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    expect(sandbox.requests.length).toBeLessThanOrEqual(5);
    expect(read).toBeLessThanOrEqual(60);
    await receipts.return();
    expect(run.counts).toMatchObject({ accepted: sandbox.messages.length, notAttempted: undefined });
  });

  it('rejects wrong and repeated entries one by one, with positions, and sends to the others', async () => {
    const [a, b] = numbers(2);
    const run = bulk([a!, 'x', { number: b!, orderId: 'mine' }, `+${a}`], MESSAGE, { duplicates: 'reject' });
    const [receipt] = await run.toArray();
    expect(receipt!.rejected.map(({ code, position }) => [code, position])).toEqual([
      ['LAAFFIC_INVALID_COMMAND', 1],
      ['LAAFFIC_DUPLICATE_RECIPIENT', 3],
    ]);
    expect(receipt!.accepted.map(({ number }) => number)).toEqual([a, b]);
    expect(run.counts).toEqual({ accepted: 2, rejected: 2, unknown: 0, dropped: 0, notAttempted: 0 });
  });

  it('sends to each of 2,500 with one order id', async () => {
    const all = numbers(2_500);
    const run = bulk(
      all.map((number) => ({ number, orderId: 'N/A' })),
      MESSAGE,
    );
    const receipts = await run.toArray();
    expect(run.counts).toEqual({ accepted: 2_500, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 });
    expect(receipts.flatMap(({ accepted }) => accepted.map(({ number }) => number))).toEqual(all);
    // What the receipt has is what the gateway got: by it a report finds its recipient.
    const got = new Map(sandbox.messages.map(({ number, orderId }) => [number, orderId]));
    expect(receipts.flatMap(({ accepted }) => accepted.map(({ orderId }) => orderId))).toEqual(
      all.map((number) => got.get(number)),
    );
    expect(sandbox.messages.filter(({ orderId }) => orderId === 'N/A')).toHaveLength(3);
  });

  it('makes no request if all entries are wrong', async () => {
    const [receipt] = await bulk(['x', 'y'], MESSAGE).toArray();
    expect(receipt!.rejected).toHaveLength(2);
    expect(sandbox.requests).toHaveLength(0);
  });

  it.each<[string, () => unknown, string]>([
    ['no content', () => bulk([], { content: '' }), 'content must not be empty'],
    ['a number in place of a list', () => bulk('91856321412' as never, MESSAGE), 'recipients must be an iterable'],
    ['no concurrency', () => bulk([], MESSAGE, { concurrency: 0 }), 'concurrency must be a whole number of at least 1'],
    ['too large a request', () => bulk([], MESSAGE, { batchSize: 1001 }), 'batchSize must be a whole number from 1'],
    ['too large a GET', () => bulk([], MESSAGE, { batchSize: 101, method: 'GET' }), 'from 1 to 100'],
    ['no such order', () => bulk([], MESSAGE, { order: 'random' as never }), 'order must be one of source, completion'],
    ['no ranges', () => bulk([], MESSAGE, { resume: [[3, 1]] }), 'resume must be a list of ranges'],
    ['no time', () => bulk([], MESSAGE, { timeoutMs: 0 }), 'timeoutMs must be milliseconds, from 1'],
  ])('is rejected with %s', (_, open, problem) => {
    expect(open).toThrow(problem);
  });
});

describe('a bulk request that fails', () => {
  it('returns its recipients with the exception, and the others keep their receipts', async () => {
    sandbox.script([{}, { status: -18 }, {}]);
    const run = bulk(numbers(6), MESSAGE, { batchSize: 2, concurrency: 1 });
    const receipts = await run.toArray();
    expect(receipts.map(({ accepted, unknown }) => [accepted.length, unknown.length])).toEqual([
      [2, 0],
      [0, 2],
      [2, 0],
    ]);
    expect(receipts[1]!.exception).toMatchObject({ code: 'LAAFFIC_GATEWAY_FAULT', outcome: 'unknown' });
    expect(run.counts).toEqual({ accepted: 4, rejected: 0, unknown: 2, dropped: 0, notAttempted: 0 });
  });

  it('is retried only if it certainly was not sent', async () => {
    sandbox.script([{ status: -15 }, { status: -15 }, {}, { fault: 'cut-before-accepting' }]);
    const run = bulk(numbers(2), MESSAGE, { batchSize: 1, concurrency: 1 });
    const receipts = await run.toArray();
    expect(receipts.map(({ accepted, unknown }) => [accepted.length, unknown.length])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(sandbox.requests).toHaveLength(4);
  });

  it.each([
    [-1, 'LAAFFIC_AUTHENTICATION_FAILED'],
    [-10, 'LAAFFIC_INSUFFICIENT_BALANCE'],
    [-13, 'LAAFFIC_USER_LOCKED'],
    [-19, 'LAAFFIC_PRICING_NOT_CONFIRMED'],
    [-27, 'LAAFFIC_TOTAL_LIMIT'],
    [-3, 'LAAFFIC_SENSITIVE_CONTENT'],
  ])('for a reason that all requests would meet (%i) stops the run, which can be resumed', async (status, code) => {
    const to = numbers(10);
    sandbox.script([{}, { status }]);
    const run = bulk(to, MESSAGE, { batchSize: 2, concurrency: 1 });
    const { receipts, error } = await untilStopped(run);
    expect(receipts.map(stretch)).toEqual([
      [0, 2],
      [2, 2],
    ]);
    expect(error).toBeInstanceOf(BulkStoppedError);
    expect(error).toMatchObject({
      code: 'LAAFFIC_BULK_STOPPED',
      cause: { code },
      counts: { accepted: 2, rejected: 2, unknown: 0, dropped: 0, notAttempted: 6 },
      processed: [[0, 2]],
    });
    const rest = bulk(to, MESSAGE, { resume: (error as BulkStoppedError).processed });
    expect((await rest.toArray()).map(stretch)).toEqual([[2, 8]]);
    expect(rest.counts).toEqual({ accepted: 8, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 });
    expect(rest.processed).toEqual([[0, 10]]);
    expect(inLedger()).toEqual(to);
  });

  it('because the gateway cannot be reached stops the run after the last retry', async () => {
    const nobody = await client({ baseUrl: 'http://127.0.0.1:9/v3', queryRetry: { minDelayMs: 1, maxDelayMs: 2 } });
    const run = nobody.sms.sendBulk(numbers(5), MESSAGE, { batchSize: 1, concurrency: 1, retries: 2 });
    const { receipts, error } = await untilStopped(run);
    await nobody.close();
    expect(receipts.map(({ rejected }) => rejected.map((entry) => entry.code))).toEqual([['LAAFFIC_NOT_CONNECTED']]);
    expect(error).toMatchObject({
      cause: { code: 'LAAFFIC_NOT_CONNECTED' },
      processed: [],
      counts: { notAttempted: 4 },
    });
  });

  it('with an unknown outcome, several times in a row, stops the run', async () => {
    sandbox.script({ fault: 'cut-after-accepting', times: 3 });
    const run = bulk(numbers(9), MESSAGE, { batchSize: 1, concurrency: 1, maxConsecutiveUnknown: 3 });
    const { receipts, error } = await untilStopped(run);
    expect(receipts.map(({ unknown }) => unknown.length)).toEqual([1, 1, 1]);
    // What may have been sent is processed: no later run may send it again.
    expect(error).toMatchObject({ cause: { code: 'LAAFFIC_CONNECTION_LOST' }, processed: [[0, 3]] });
  });
});

describe('a bulk request rejected because of one number', () => {
  const BAD = '91850000617';

  it('that it does not name is split in halves, and all others get the message once', async () => {
    const to = numbers(1_000);
    sandbox.configure({
      rejectionRules: [{ number: BAD, status: -9, rejects: 'request', reason: 'DST_MCCMNC_LIMIT' }],
    });
    const run = bulk(to, MESSAGE);
    const [receipt] = await run.toArray();
    expect(receipt!.rejected.map(({ number, code, reason }) => [number, code, reason])).toEqual([
      [BAD, 'LAAFFIC_ABNORMAL_NUMBER', 'DST_MCCMNC_LIMIT'],
    ]);
    expect(receipt!.accepted.map(({ number }) => number)).toEqual(to.filter((number) => number !== BAD));
    expect(inLedger().sort()).toEqual(to.filter((number) => number !== BAD));
    expect(sandbox.requests.length).toBeLessThanOrEqual(21);
    expect(receipt!.exception).toMatchObject({ status: -9 });
  });

  it('is split for several wrong numbers too, as long as splits are allowed', async () => {
    sandbox.configure({ rejectionRules: [{ number: /[37]$/, status: -28, rejects: 'request' }] });
    const to = numbers(40);
    const bad = (number: string) => /[37]$/.test(number);
    const [receipt] = await bulk(to, MESSAGE).toArray();
    expect(receipt!.accepted.map(({ number }) => number)).toEqual(to.filter((number) => !bad(number)));
    sandbox.reset();
    const [cut] = await bulk(to, MESSAGE, { maxSplits: 4 }).toArray();
    expect(sandbox.requests.length).toBeLessThanOrEqual(5);
    expect(cut!.accepted.length + cut!.rejected.length).toBe(40);
    expect(inLedger().sort()).toEqual(cut!.accepted.map(({ number }) => number));
  });

  it('that it names is sent to the others at once', async () => {
    sandbox.script([{ status: -9, patch: { failArray: [{ number: BAD, reason: 'DST_MCCMNC_LIMIT' }] } }, {}]);
    const to = [...numbers(5), BAD];
    const [receipt] = await bulk(to, MESSAGE).toArray();
    expect(receipt!.accepted.map(({ number }) => number)).toEqual(numbers(5));
    expect(receipt!.rejected.map(({ number }) => number)).toEqual([BAD]);
    expect(sandbox.requests).toHaveLength(2);
  });

  it('beside accepted recipients needs no further request', async () => {
    const [receipt] = await bulk([...numbers(5), '9990000009'], MESSAGE).toArray();
    expect(receipt!.accepted).toHaveLength(5);
    expect(receipt!.rejected).toHaveLength(1);
    expect(sandbox.requests).toHaveLength(1);
  });
});

describe('a bulk run that is aborted', () => {
  it('finishes the requests in flight, starts no other, and counts what was not attempted', async () => {
    const controller = new AbortController();
    sandbox.script({ responseDelayMs: 500, times: 2 });
    const run = bulk(numbers(10), MESSAGE, { batchSize: 1, concurrency: 2, signal: controller.signal });
    const receipts: BulkReceipt[] = [];
    const reading = (async () => {
      for await (const receipt of run) receipts.push(receipt);
    })();
    await until(() => sandbox.messages.length >= 2);
    controller.abort();
    await reading;
    expect(receipts.map(({ accepted }) => accepted.length)).toEqual([1, 1]);
    expect(run.counts).toEqual({ accepted: 2, rejected: 0, unknown: 0, dropped: 0, notAttempted: 8 });
    expect(run.processed).toEqual([[0, 2]]);
    expect(sandbox.messages).toHaveLength(2);
  });

  it('before it started sends nothing, and does not wait for a slow source', async () => {
    async function* never(): AsyncGenerator<string> {
      await new Promise(() => undefined);
      yield '';
    }
    expect(await bulk(numbers(3), MESSAGE, { signal: AbortSignal.abort() }).drain()).toMatchObject({
      notAttempted: 3,
    });
    const controller = new AbortController();
    const run = bulk(never(), MESSAGE, { signal: controller.signal }).drain();
    await setImmediate();
    controller.abort();
    expect(await run).toMatchObject({ accepted: 0, notAttempted: undefined });
  });

  it('ends the delay before a retry', async () => {
    const patient = await client({ baseUrl: sandbox.url, queryRetry: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
    const controller = new AbortController();
    sandbox.script({ status: -15 });
    const run = patient.sms.sendBulk(numbers(2), MESSAGE, { signal: controller.signal });
    const reading = run.toArray();
    await until(() => sandbox.requests.length >= 1);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    controller.abort();
    const [receipt] = await reading;
    await patient.close();
    expect(receipt!.rejected).toHaveLength(2);
    expect(run.processed).toEqual([]);
  });
});

it('a source that fails ends the bulk run after the receipts of the requests in flight', async () => {
  const broken = new Error('cursor lost');
  async function* source() {
    yield* numbers(2);
    await until(() => sandbox.requests.length >= 2);
    throw broken;
  }
  const { receipts, error } = await untilStopped(bulk(source(), MESSAGE, { batchSize: 1 }));
  expect(error).toBe(broken);
  expect(receipts.map(({ accepted }) => accepted.length)).toEqual([1, 1]);
});

it('a reader that stops early ends the bulk run: requests in flight are finished, and the source is closed', async () => {
  let isClosed = false;
  function* source() {
    try {
      yield* numbers(100);
    } finally {
      isClosed = true;
    }
  }
  const run = bulk(source(), MESSAGE, { batchSize: 1, concurrency: 2 });
  for await (const receipt of run) {
    expect(receipt.accepted).toHaveLength(1);
    break;
  }
  const { accepted } = run.counts;
  expect(accepted).toBe(sandbox.messages.length);
  expect(accepted).toBeLessThanOrEqual(5);
  expect(isClosed).toBe(true);
});
