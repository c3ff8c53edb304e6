import { EventEmitter, once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { OnApplicationShutdown, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  MemoryPushStore,
  OnDeliveryReport,
  OnInboundSms,
  OnUnreadablePush,
  WebhookMetrics,
  PushStore,
  type DeliveryReport,
} from 'nestjs-laaffic/webhooks';
import { cases } from '../cases.js';
import { Inbox, INBOUND, PLATFORMS, REPORT, SECRET, startReceiver, type ReceiverOptions } from './receiver.js';
import { until } from '../until.js';

const OTHER = { ...REPORT, msgid: '2108241832571000009' };
const FAILED = { statusCode: 500, message: 'Internal server error' };

describe.each(PLATFORMS)('on %s', (_platform, adapter) => {
  const open: { close: () => Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((receiver) => receiver.close()));
  });
  async function start(handlers: Type[], options: ReceiverOptions['options'] = {}) {
    const receiver = await startReceiver(adapter(), { handlers, options });
    open.push(receiver);
    const push = async (route: string, body: unknown) => (await receiver.push(route, body)).status;
    return { ...receiver, push };
  }

  it('handlers get the pushes of their decorators', async () => {
    const calls: string[] = [];
    class Handlers {
      @OnDeliveryReport()
      all({ state }: DeliveryReport) {
        calls.push(`all ${state}`);
      }
      @OnDeliveryReport({ state: 'delivered' })
      async delivered() {
        calls.push('delivered');
      }
      @OnDeliveryReport({ state: 'failed' })
      failed() {
        calls.push('failed');
      }
      @OnInboundSms()
      @OnUnreadablePush()
      both(push: object) {
        calls.push(`both ${'text' in push ? 'unreadable' : 'message'}`);
      }
    }
    const { push } = await start([Handlers]);
    await push('reports', REPORT);
    await push('reports', { ...REPORT, status: 1 });
    await push('inbound', INBOUND);
    await push('reports', 'x');
    expect(calls.sort()).toEqual([
      'all delivered',
      'all failed',
      'both message',
      'both unreadable',
      'delivered',
      'failed',
    ]);
  });

  it('a failed handler does not prevent the others, and a duplicate runs only the failed one', async () => {
    const calls: string[] = [];
    let failures = 2;
    class First {
      @OnDeliveryReport()
      run() {
        calls.push('first');
      }
    }
    class Second {
      @OnDeliveryReport()
      throws() {
        calls.push('second');
        if (failures-- > 0) throw new Error('not yet');
      }
      @OnDeliveryReport()
      async rejects() {
        calls.push('third');
        await setImmediate();
        if (failures-- > 0) throw new Error('not yet');
      }
    }
    const { url, app, push } = await start([First, Second]);
    const answer = await fetch(`${url}/laaffic/${SECRET}/reports`, { method: 'POST', body: JSON.stringify(REPORT) });
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual(FAILED);
    expect(calls.splice(0).sort()).toEqual(['first', 'second', 'third']);
    expect(await push('reports', REPORT)).toBe(200);
    expect(calls.splice(0).sort()).toEqual(['second', 'third']);
    expect(await push('reports', REPORT)).toBe(200);
    expect(calls).toEqual([]);
    expect(await push('reports', OTHER)).toBe(200);
    expect(calls.sort()).toEqual(['first', 'second', 'third']);
    expect(app.get(WebhookMetrics)).toEqual({ succeeded: 3, failed: 1, unreadable: 0, rejected: 0, duplicates: 4 });
  });

  it('an unreadable push gets 500 until its handler succeeds, then 400', async () => {
    let failures = 1;
    class Keeper {
      @OnUnreadablePush()
      keep() {
        if (failures-- > 0) throw new Error('disk full');
      }
    }
    const { push } = await start([Keeper]);
    expect(await push('inbound', '<p>')).toBe(500);
    expect(await push('inbound', '<p>')).toBe(400);
  });

  it('the same push at the same time waits for the first one and shares its result', async () => {
    const ends: ((isDone: boolean) => void)[] = [];
    class Slow {
      @OnDeliveryReport()
      run() {
        return new Promise<void>((resolve, reject) => {
          ends.push((isDone) => {
            if (isDone) resolve();
            else reject(new Error('no'));
          });
        });
      }
    }
    const { app, push } = await start([Slow]);
    const counts = app.get(WebhookMetrics);
    for (const [round, isDone] of [false, true].entries()) {
      const pushes = [1, 2, 3, 4].map(() => push('reports', REPORT));
      await until(() => counts.duplicates >= (round + 1) * 3);
      expect(ends).toHaveLength(round + 1);
      ends[round]!(isDone);
      expect(await Promise.all(pushes)).toEqual(new Array(4).fill(isDone ? 200 : 500));
    }
  });

  it('a push is forgotten after its window, and the oldest one if there are too many', async () => {
    let now = 1_630_000_000_000;
    let runs = 0;
    class Counter {
      @OnDeliveryReport()
      run() {
        runs++;
      }
    }
    const store = new MemoryPushStore(2, () => now);
    const { push } = await start([Counter], { store, deduplicationWindowMs: 60_000 });
    const runsOf = async (msgid: string) => {
      const before = runs;
      await push('reports', { ...REPORT, msgid });
      return runs - before;
    };
    expect(await runsOf('a')).toBe(1);
    expect(await runsOf('a')).toBe(0);
    now += 59_999;
    expect(await runsOf('a')).toBe(0);
    now += 1;
    expect(await runsOf('a')).toBe(1);
    expect(await runsOf('a')).toBe(0);
    expect(await runsOf('b')).toBe(1);
    expect(await runsOf('c')).toBe(1);
    expect(await runsOf('a')).toBe(1);
    expect(store.size).toBe(2);
  });

  it('a store that fails to read leads to 500, one that fails to write to 200', async () => {
    let runs = 0;
    let isUp = false;
    class Counter {
      @OnDeliveryReport()
      run() {
        runs++;
      }
    }
    class Fragile extends PushStore {
      async isDone() {
        if (!isUp) throw new Error('connection lost');
        return false;
      }
      async markDone() {
        throw new Error('connection lost');
      }
    }
    const { push, logger } = await start([Counter], { store: new Fragile() });
    expect(await push('reports', REPORT)).toBe(500);
    expect(runs).toBe(0);
    isUp = true;
    expect(await push('reports', REPORT)).toBe(200);
    expect(runs).toBe(1);
    expect(logger.lines.filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining('Counter.run failed for the report on'),
      expect.stringContaining('Counter.run succeeded, but the store failed: Error: connection lost'),
    ]);
  });

  it('a push that is cut off reaches no handler, and the next one does', async () => {
    const { url, inbox, push, logger } = await start([Inbox]);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /laaffic/${SECRET}/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"msgid":`);
    await once(socket, 'connect');
    socket.destroy();
    expect(await push('reports', REPORT)).toBe(200);
    expect(inbox).toEqual({
      reports: [expect.objectContaining({ msgId: REPORT.msgid })],
      messages: [],
      unreadable: [],
    });
    expect(logger.lines.filter((line) => /^(error|warn)/.test(line))).toEqual([]);
  });

  it('stores get neither numbers nor contents nor secrets', async () => {
    const keys: string[] = [];
    class Handlers {
      @OnDeliveryReport()
      @OnInboundSms()
      @OnUnreadablePush()
      run() {
        return undefined;
      }
    }
    const store = { isDone: () => false, markDone: (key: string, window: number) => keys.push(`${key} ${window}`) };
    const { push } = await start([Handlers], { store });
    await push('reports', REPORT);
    await push('inbound', { ...INBOUND, msgid: null });
    await push('inbound', `${INBOUND.mobile} ${INBOUND.content}`);
    const hidden = keys.map((key) => key.replace(/:[\w-]{64}:/, ':hash:'));
    expect(hidden).toEqual(
      ['report', 'inbound', 'unreadable'].map((kind) => `${kind}:hash:AppModule/Handlers.run 86400000`),
    );
  });

  it('logs have no number, no content and no secret', async () => {
    class Careless {
      @OnDeliveryReport()
      report(report: DeliveryReport) {
        throw new Error(`cannot store ${JSON.stringify(report)}`);
      }
      @OnInboundSms()
      @OnUnreadablePush()
      other(push: object) {
        throw new TypeError(JSON.stringify(push));
      }
    }
    const { push, logger } = await start([Careless]);
    const statuses = [
      await push('reports', REPORT),
      await push('inbound', INBOUND),
      await push('inbound', `${INBOUND.mobile} ${INBOUND.content}`),
    ];
    expect(statuses).toEqual([500, 500, 500]);
    const errors = logger.lines.filter((line) => line.startsWith('error'));
    expect(errors.map((line) => line.split('\n')[0])).toEqual([
      expect.stringMatching(/Careless\.report failed for the report on .*: Error: cannot store .*9185…412/),
      'error AppModule/Careless.other failed for the message from 9185…412: TypeError',
      'error AppModule/Careless.other failed for an unreadable push (malformed-json): TypeError',
    ]);
    expect(logger.lines.join('\n')).not.toMatch(new RegExp(`91856321412|STOP|你好|${SECRET}`));
  });

  it('a push without a handler gets 200 and one warning', async () => {
    class Reports {
      @OnDeliveryReport({ state: 'failed' })
      run() {
        return undefined;
      }
    }
    const { push, logger } = await start([Reports]);
    const statuses = [
      await push('reports', REPORT),
      await push('inbound', INBOUND),
      await push('inbound', { ...INBOUND, msgid: '2' }),
    ];
    expect(statuses).toEqual([200, 200, 200]);
    expect(logger.lines.filter((line) => line.includes('No method'))).toEqual([
      'warn No method is decorated for pushes of the kind "inbound". They are acknowledged and dropped LaafficWebhooks',
    ]);
  });
});

it('an app that shuts down waits for handlers although the platform disconnected', async () => {
  const [begun, goOn] = [new EventEmitter(), new EventEmitter()];
  const told: string[] = [];
  class Slow implements OnApplicationShutdown {
    @OnDeliveryReport()
    async run() {
      begun.emit('run');
      await once(goOn, 'now');
      told.push('handled');
    }
    onApplicationShutdown() {
      told.push('ended');
    }
  }
  const receiver = await startReceiver(new ExpressAdapter(), { handlers: [Slow] });
  const running = once(begun, 'run');
  const push = request(`${await receiver.app.getUrl()}/laaffic/${SECRET}/reports`, { method: 'POST' });
  push.on('error', () => undefined).end(JSON.stringify(REPORT));
  await running;
  push.destroy();
  const closing = receiver.close();
  // Time enough for the rest of the app to end.
  for (let turns = 0; turns < 200; turns++) await setImmediate();
  goOn.emit('now');
  await closing;
  expect(told).toEqual(['handled', 'ended']);
});

describe('LaafficWebhooksModule in the long run', () => {
  let close: () => Promise<unknown>;
  // It ends the senders of a test that failed, too.
  afterEach(() => close());

  it('delivers each report once to failing handlers, out of order and with duplicates', async () => {
    const random = randomFrom(42);
    const succeeded = { a: [] as string[], b: [] as string[] };
    let failures = 0;
    // Made once: to look up thousands of stacks in source maps would take longer than all the rest.
    const failure = new RangeError('not this time');
    const half = (list: string[], id: string) => {
      if (random() < 0.5) {
        failures++;
        throw failure;
      }
      list.push(id);
    };
    class Unreliable {
      @OnDeliveryReport()
      async a({ msgId }: DeliveryReport) {
        await setImmediate();
        half(succeeded.a, msgId);
      }
      @OnDeliveryReport()
      b({ msgId }: DeliveryReport) {
        half(succeeded.b, msgId);
      }
    }
    const receiver = await startReceiver(new FastifyAdapter(), { handlers: [Unreliable] });
    close = receiver.close;
    receiver.app.useLogger(false);
    const ids = Array.from(
      { length: cases(10_000, 1_000) },
      (_, index) => `21082418325${String(index).padStart(6, '0')}`,
    );
    const queue = shuffled([...ids, ...ids.filter((_, index) => index % 5 === 0)], random);
    let answered = 0;
    const sender = async () => {
      for (let msgid = queue.pop(); msgid !== undefined; msgid = queue.pop()) {
        // The platform's retries are not documented: this sender comes back to it at some later time.
        if ((await receiver.push('reports', { ...REPORT, msgid })).status === 200) answered++;
        else queue.splice(Math.floor(random() * queue.length), 0, msgid);
      }
    };
    await Promise.all(Array.from({ length: 32 }, sender));
    expect(answered).toBe(ids.length * 1.2);
    expect(failures).toBeGreaterThan(ids.length * 1.5);
    expect(succeeded.a.sort()).toEqual(ids);
    expect(succeeded.b.sort()).toEqual(ids);
  });
});

/** Numbers from 0 to 1, the same in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(list: T[], random: () => number): T[] {
  return list
    .map((value) => [random(), value] as const)
    .sort(([a], [b]) => a - b)
    .map(([, value]) => value);
}
