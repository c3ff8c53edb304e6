import { setImmediate } from 'node:timers/promises';
import { LaafficSandbox, type ScriptStep } from 'laaffic-sandbox';
import { BulkStoppedError, type BulkReceipt, type BulkRun } from 'nestjs-laaffic';
import { client, failureOf, until } from '../module/account.js';

const MESSAGE = { content: 'hi' };
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(91_850_000_000 + from + i));

let sandbox: LaafficSandbox;
let gateway: Awaited<ReturnType<typeof client>>;
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ historyLimit: null, quirks: { callsPerSecond: null } });
  gateway = await client({ baseUrl: sandbox.url, queries: { minDelay: 1, maxDelay: 2 } });
});
afterEach(() => {
  sandbox.assertScriptDone();
  sandbox.reset();
  sandbox.configure({ rules: [] });
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

describe('a run', () => {
  it('sends to everybody, request by request, and gives a receipt for each', async () => {
    const to = numbers(2_500);
    const run = bulk(to, { ...MESSAGE, senderId: ' ACME ' });
    expect(run.counts).toEqual({ accepted: 0, rejected: 0, unknown: 0, dropped: 0, notAttempted: undefined });
    const receipts = await run.collect();
    expect(receipts.map(stretch)).toEqual([
      [0, 1000],
      [1000, 1000],
      [2000, 500],
    ]);
    expect(receipts.flatMap(({ accepted }) => accepted.map(({ number }) => number))).toEqual(to);
    expect(run.counts).toEqual({ accepted: 2500, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 });
    expect(run.settled).toEqual([[0, 2500]]);
    expect(inLedger().sort()).toEqual(to);
    expect(sandbox.messages.every(({ content, senderId }) => content === 'hi' && senderId === 'ACME')).toBe(true);
    expect(new Set(sandbox.messages.map(({ orderId }) => orderId)).size).toBe(2500);
  });

  it('of nothing sends nothing', async () => {
    expect(await bulk([], MESSAGE).finish()).toEqual({
      ...{ accepted: 0, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 },
    });
    expect(sandbox.requests).toEqual([]);
  });

  it('starts when it is iterated, and can be iterated once', async () => {
    const run = bulk(numbers(1), MESSAGE);
    await setImmediate();
    expect(sandbox.requests).toEqual([]);
    await run.finish();
    expect(() => run[Symbol.asyncIterator]()).toThrow('A bulk run is iterated once');
  });

  it('keeps the order of the source, or gives what has ended', async () => {
    const slowFirst: ScriptStep[] = [{ delayAnswer: 500 }, {}, {}];
    sandbox.script(slowFirst);
    const inOrder = await bulk(numbers(3), MESSAGE, { requestSize: 1 }).collect();
    sandbox.script(slowFirst);
    const asTheyEnd = await bulk(numbers(3), MESSAGE, { requestSize: 1, order: 'completion' }).collect();
    expect(inOrder.map(({ first }) => first)).toEqual([0, 1, 2]);
    const slow = numbers(3).indexOf(inLedger()[3]!);
    expect(asTheyEnd.map(({ first }) => first).at(-1)).toBe(slow);
    expect(asTheyEnd).toHaveLength(3);
  });

  it('is no further ahead of its reader, and of the source, than a few requests', async () => {
    let read = 0;
    function* endless() {
      for (;;) yield String(91_850_000_000 + read++);
    }
    const run = bulk(endless(), MESSAGE, { requestSize: 10, concurrency: 2 });
    const receipts = run[Symbol.asyncIterator]();
    await receipts.next();
    await until(() => sandbox.requests.length >= 4);
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    expect(sandbox.requests.length).toBeLessThanOrEqual(5);
    expect(read).toBeLessThanOrEqual(60);
    await receipts.return();
    expect(run.counts).toMatchObject({ accepted: sandbox.messages.length, notAttempted: undefined });
  });

  it('refuses wrong and repeated entries one by one, with positions, and sends to the rest', async () => {
    const [a, b] = numbers(2);
    const run = bulk([a!, 'x', { number: b!, orderId: 'mine' }, `+${a}`], MESSAGE, { duplicates: 'refuse' });
    const [receipt] = await run.collect();
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
    const receipts = await run.collect();
    expect(run.counts).toEqual({ accepted: 2_500, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 });
    expect(receipts.flatMap(({ accepted }) => accepted.map(({ number }) => number))).toEqual(all);
    // What the receipt has is what the gateway got: by it a report finds its recipient.
    const got = new Map(sandbox.messages.map(({ number, orderId }) => [number, orderId]));
    expect(receipts.flatMap(({ accepted }) => accepted.map(({ orderId }) => orderId))).toEqual(
      all.map((number) => got.get(number)),
    );
    expect(sandbox.messages.filter(({ orderId }) => orderId === 'N/A')).toHaveLength(3);
  });

  it('with nobody to send to sends no request', async () => {
    const [receipt] = await bulk(['x', 'y'], MESSAGE).collect();
    expect([receipt!.rejected.length, sandbox.requests.length]).toEqual([2, 0]);
  });

  it.each<[string, () => unknown, string]>([
    ['no content', () => bulk([], { content: '' }), 'content must not be empty'],
    ['a number in place of a list', () => bulk('91856321412' as never, MESSAGE), 'recipients must be an iterable'],
    ['no concurrency', () => bulk([], MESSAGE, { concurrency: 0 }), 'concurrency must be a whole number of at least 1'],
    [
      'too large a request',
      () => bulk([], MESSAGE, { requestSize: 1001 }),
      'requestSize must be a whole number from 1',
    ],
    ['too large a GET', () => bulk([], MESSAGE, { requestSize: 101, method: 'GET' }), 'from 1 to 100'],
    ['no such order', () => bulk([], MESSAGE, { order: 'random' as never }), 'order must be one of source, completion'],
    ['no ranges', () => bulk([], MESSAGE, { resume: [[3, 1]] }), 'resume must be a list of ranges'],
    ['no time', () => bulk([], MESSAGE, { timeout: 0 }), 'timeout must be above 0'],
  ])('is refused with %s', (_, open, problem) => {
    expect(open).toThrow(problem);
  });
});

describe('a request that fails', () => {
  it('loses nobody: its recipients come back with the exception, the others have their receipts', async () => {
    sandbox.script([{}, { status: -18 }, {}]);
    const run = bulk(numbers(6), MESSAGE, { requestSize: 2, concurrency: 1 });
    const receipts = await run.collect();
    expect(receipts.map(({ accepted, unknown }) => [accepted.length, unknown.length])).toEqual([
      [2, 0],
      [0, 2],
      [2, 0],
    ]);
    expect(receipts[1]!.exception).toMatchObject({ code: 'LAAFFIC_GATEWAY_FAULT', outcome: 'unknown' });
    expect(run.counts).toEqual({ accepted: 4, rejected: 0, unknown: 2, dropped: 0, notAttempted: 0 });
  });

  it('is tried again only if it surely was not sent', async () => {
    sandbox.script([{ status: -15 }, { status: -15 }, {}, { fault: 'cut-before-accepting' }]);
    const run = bulk(numbers(2), MESSAGE, { requestSize: 1, concurrency: 1 });
    const receipts = await run.collect();
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
  ])('for a reason that all would meet (%i) stops the run, which can be resumed', async (status, code) => {
    const to = numbers(10);
    sandbox.script([{}, { status }]);
    const run = bulk(to, MESSAGE, { requestSize: 2, concurrency: 1 });
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
      settled: [[0, 2]],
    });
    const rest = bulk(to, MESSAGE, { resume: (error as BulkStoppedError).settled });
    expect((await rest.collect()).map(stretch)).toEqual([[2, 8]]);
    expect(rest.counts).toEqual({ accepted: 8, rejected: 0, unknown: 0, dropped: 0, notAttempted: 0 });
    expect(rest.settled).toEqual([[0, 10]]);
    expect(inLedger()).toEqual(to);
  });

  it('because nobody is there stops the run when its tries are used up', async () => {
    const nobody = await client({ baseUrl: 'http://127.0.0.1:9/v3', queries: { minDelay: 1, maxDelay: 2 } });
    const run = nobody.sms.sendBulk(numbers(5), MESSAGE, { requestSize: 1, concurrency: 1, retries: 2 });
    const { receipts, error } = await untilStopped(run);
    await nobody.close();
    expect(receipts.map(({ rejected }) => rejected.map((entry) => entry.code))).toEqual([['LAAFFIC_NOT_CONNECTED']]);
    expect(error).toMatchObject({ cause: { code: 'LAAFFIC_NOT_CONNECTED' }, settled: [], counts: { notAttempted: 4 } });
  });

  it('with nothing known, several times in a row, stops the run', async () => {
    sandbox.script({ fault: 'cut-after-accepting', times: 3 });
    const run = bulk(numbers(9), MESSAGE, { requestSize: 1, concurrency: 1, mostUnknownInARow: 3 });
    const { receipts, error } = await untilStopped(run);
    expect(receipts.map(({ unknown }) => unknown.length)).toEqual([1, 1, 1]);
    // What may have been sent is settled: no later run may send it again.
    expect(error).toMatchObject({ cause: { code: 'LAAFFIC_CONNECTION_LOST' }, settled: [[0, 3]] });
  });
});

describe('a request refused for one of its numbers', () => {
  const BAD = '91850000617';

  it('and naming none is asked again in halves: all others get it, once', async () => {
    const to = numbers(1_000);
    sandbox.configure({ rules: [{ number: BAD, status: -9, per: 'call', reason: 'DST_MCCMNC_LIMIT' }] });
    const run = bulk(to, MESSAGE);
    const [receipt] = await run.collect();
    expect(receipt!.rejected.map(({ number, code, reason }) => [number, code, reason])).toEqual([
      [BAD, 'LAAFFIC_ABNORMAL_NUMBER', 'DST_MCCMNC_LIMIT'],
    ]);
    expect(receipt!.accepted.map(({ number }) => number)).toEqual(to.filter((number) => number !== BAD));
    expect(inLedger().sort()).toEqual(to.filter((number) => number !== BAD));
    expect(sandbox.requests.length).toBeLessThanOrEqual(21);
    expect(receipt!.exception).toMatchObject({ status: -9 });
  });

  it('of several too, as long as further requests are allowed', async () => {
    sandbox.configure({ rules: [{ number: /[37]$/, status: -28, per: 'call' }] });
    const to = numbers(40);
    const bad = (number: string) => /[37]$/.test(number);
    const [receipt] = await bulk(to, MESSAGE).collect();
    expect(receipt!.accepted.map(({ number }) => number)).toEqual(to.filter((number) => !bad(number)));
    sandbox.reset();
    const [cut] = await bulk(to, MESSAGE, { isolation: 4 }).collect();
    expect(sandbox.requests.length).toBeLessThanOrEqual(5);
    expect(cut!.accepted.length + cut!.rejected.length).toBe(40);
    expect(inLedger().sort()).toEqual(cut!.accepted.map(({ number }) => number));
  });

  it('and naming it goes to the others at once', async () => {
    sandbox.script([{ status: -9, patch: { failArray: [{ number: BAD, reason: 'DST_MCCMNC_LIMIT' }] } }, {}]);
    const to = [...numbers(5), BAD];
    const [receipt] = await bulk(to, MESSAGE).collect();
    expect(receipt!.accepted.map(({ number }) => number)).toEqual(numbers(5));
    expect(receipt!.rejected.map(({ number }) => number)).toEqual([BAD]);
    expect(sandbox.requests).toHaveLength(2);
  });

  it('which the gateway tells beside the accepted ones costs nothing more', async () => {
    const [receipt] = await bulk([...numbers(5), '9990000009'], MESSAGE).collect();
    expect([receipt!.accepted.length, receipt!.rejected.length, sandbox.requests.length]).toEqual([5, 1, 1]);
  });
});

describe('a run that is aborted', () => {
  it('finishes what is under way, starts nothing, and tells what was not attempted', async () => {
    const controller = new AbortController();
    sandbox.script({ delayAnswer: 500, times: 2 });
    const run = bulk(numbers(10), MESSAGE, { requestSize: 1, concurrency: 2, signal: controller.signal });
    const receipts: BulkReceipt[] = [];
    const reading = (async () => {
      for await (const receipt of run) receipts.push(receipt);
    })();
    await until(() => sandbox.messages.length >= 2);
    controller.abort();
    await reading;
    expect(receipts.map(({ accepted }) => accepted.length)).toEqual([1, 1]);
    expect(run.counts).toEqual({ accepted: 2, rejected: 0, unknown: 0, dropped: 0, notAttempted: 8 });
    expect([run.settled, sandbox.messages.length]).toEqual([[[0, 2]], 2]);
  });

  it('before it began sends nothing, and does not wait for a source that has nothing yet', async () => {
    async function* never(): AsyncGenerator<string> {
      await new Promise(() => undefined);
      yield '';
    }
    expect(await bulk(numbers(3), MESSAGE, { signal: AbortSignal.abort() }).finish()).toMatchObject({
      notAttempted: 3,
    });
    const controller = new AbortController();
    const run = bulk(never(), MESSAGE, { signal: controller.signal }).finish();
    await setImmediate();
    controller.abort();
    expect(await run).toMatchObject({ accepted: 0, notAttempted: undefined });
  });

  it('stops a pause between two tries', async () => {
    const patient = await client({ baseUrl: sandbox.url, queries: { minDelay: 60_000, maxDelay: 60_000 } });
    const controller = new AbortController();
    sandbox.script({ status: -15 });
    const run = patient.sms.sendBulk(numbers(2), MESSAGE, { signal: controller.signal });
    const reading = run.collect();
    await until(() => sandbox.requests.length >= 1);
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    controller.abort();
    const [receipt] = await reading;
    await patient.close();
    expect(receipt!.rejected).toHaveLength(2);
    expect(run.settled).toEqual([]);
  });
});

it('a source that fails ends the run, after the receipts of what was under way', async () => {
  const broken = new Error('cursor lost');
  async function* source() {
    yield* numbers(2);
    await until(() => sandbox.requests.length >= 2);
    throw broken;
  }
  const { receipts, error } = await untilStopped(bulk(source(), MESSAGE, { requestSize: 1 }));
  expect(error).toBe(broken);
  expect(receipts.map(({ accepted }) => accepted.length)).toEqual([1, 1]);
});

it('a reader that breaks off ends the run: what is under way is finished, the source is closed', async () => {
  let isClosed = false;
  function* source() {
    try {
      yield* numbers(100);
    } finally {
      isClosed = true;
    }
  }
  const run = bulk(source(), MESSAGE, { requestSize: 1, concurrency: 2 });
  for await (const receipt of run) {
    expect(receipt.accepted).toHaveLength(1);
    break;
  }
  const { accepted } = run.counts;
  expect(accepted).toBe(sandbox.messages.length);
  expect(accepted).toBeLessThanOrEqual(5);
  expect(isClosed).toBe(true);
});
