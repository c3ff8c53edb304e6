import { setImmediate } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  Scope,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type Type,
} from '@nestjs/common';
import { LaafficSandbox } from 'laaffic-sandbox';
import {
  OnCampaignDone,
  OnRecipientState,
  SmsCampaigns,
  SmsOutbox,
  type FinishedCampaign,
  type LaafficOutboxOptions,
  type RecipientStateEvent,
  type RecipientStateFilter,
} from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { EventDispatcher } from '../../libs/laaffic-outbox/src/events/event-dispatcher.js';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { failureOf } from '../module/account.js';
import { ACCOUNT } from '../module/account.js';
import { startApp } from './app.js';
import { campaignOf, numbers, progressOf } from './campaigns.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';

const TIMING = {
  startWithinMs: 2_500,
  timeoutMs: 2_500,
  leaseMs: 5_200,
  gracePeriodMs: 100,
  lookupIntervalMs: false,
  reportsAfterMs: false,
} as const;
const NUMBER = '918563210001';

let database: Awaited<ReturnType<typeof startDatabase>>;
let pool: Pool;
let sandbox: LaafficSandbox;
let schema = '';
let schemas = 0;
let close: (() => Promise<void>)[] = [];
let releases: (() => void)[] = [];

beforeAll(async () => {
  database = await startDatabase();
  pool = new Pool({ connectionString: database.url });
  sandbox = await LaafficSandbox.start();
});
beforeEach(() => {
  sandbox.reset();
  schema = `events_${++schemas}`;
});
afterEach(async () => {
  jest.restoreAllMocks();
  // Waiting handlers would keep their apps from closing.
  for (const release of releases) release();
  releases = [];
  await Promise.all(close.map((one) => one()));
  close = [];
});
afterAll(async () => {
  await sandbox.close();
  await pool.end();
  await database.close();
});

/** A worker with handlers, on the outbox of this test. */
async function start(providers: Type[], options: Partial<LaafficOutboxOptions> = {}) {
  const app = await startApp(
    sandbox,
    { database: database.url, schema, timing: TIMING, worker: { pollIntervalMs: 150 }, ...options },
    { providers },
  );
  let closing: Promise<void> | undefined;
  const end = () => (closing ??= app.close());
  close.push(end);
  const store = app.get(OutboxStore);
  return { outbox: app.get(SmsOutbox), campaigns: app.get(SmsCampaigns), store, close: end };
}

type Heard = RecipientStateEvent | FinishedCampaign;

/** Methods for both events, and the events that they got; `meet` is what they do then. */
function listener(meet: (event: Heard) => unknown = () => undefined, filter: RecipientStateFilter = {}) {
  const heard: Heard[] = [];
  const hear = (event: Heard) => {
    heard.push(event);
    return meet(event);
  };
  @Injectable()
  class Listener {
    @OnRecipientState(filter)
    changed(event: RecipientStateEvent) {
      return hear(event);
    }

    @OnCampaignDone()
    done(campaign: FinishedCampaign) {
      return hear(campaign);
    }
  }
  return { Listener, heard, has: (count: number) => until(() => heard.length >= count) };
}

const OWN = { appId: ACCOUNT.appId };
const ids = (heard: readonly Heard[]) => heard.map((event) => ('messageId' in event ? event.messageId : event.id));
const statesIn = (heard: readonly Heard[]) =>
  heard.flatMap((event) =>
    'messageId' in event ? event.recipients.map(({ position, state }) => `${position} ${state}`) : [event.state],
  );
const open = async () => (await pool.query(`select from ${schema}.event`)).rows.length;
const allTaken = () => until(async () => (await open()) === 0);
const recipient = (position: number, number: string, more: object) => ({
  position,
  number,
  orderId: expect.any(String),
  ...more,
});
const ACCEPTED = { state: 'accepted', msgId: expect.any(String) };
const NOT_KNOWN = { code: expect.any(String), reason: expect.any(String) };
const IN_DOUBT = { ...NOT_KNOWN, sentAt: expect.any(Date) };

describe('an event handler gets', () => {
  it('a message that was accepted', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener]);
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' }, { reference: 'order 7' });
    await has(1);
    await allTaken();
    expect(heard).toEqual([
      { ...OWN, messageId: id, reference: 'order 7', lane: 'priority', recipients: [recipient(0, NUMBER, ACCEPTED)] },
    ]);
  });

  it('a message that was rejected or expired', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener]);
    sandbox.script({ status: -3 });
    const refused = await outbox.enqueue({ to: NUMBER, content: 'x' }, { lane: 'bulk' });
    await has(1);
    const sendBefore = new Date(Date.now() - 1_000);
    const late = await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendBefore });
    await has(2);
    await allTaken();
    const rejected = (more: object) => [recipient(0, NUMBER, { state: 'rejected', ...NOT_KNOWN, ...more })];
    expect(heard).toEqual([
      {
        ...OWN,
        messageId: refused.id,
        lane: 'bulk',
        recipients: rejected({ code: 'LAAFFIC_SENSITIVE_CONTENT', msgId: expect.any(String) }),
      },
      { ...OWN, messageId: late.id, lane: 'priority', recipients: rejected({ code: 'OUTBOX_EXPIRED' }) },
    ]);
  });

  it('recipients that are unknown, and then held', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener]);
    sandbox.script({ fault: 'cut-after-accepting' });
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(2);
    await allTaken();
    const event = (state: string) => ({
      ...OWN,
      messageId: id,
      lane: 'priority',
      recipients: [recipient(0, NUMBER, { state, ...IN_DOUBT })],
    });
    expect(heard).toEqual([event('unknown'), event('held')]);
  });

  it.each([
    ['sent', { state: 'accepted' }],
    ['abandon', { state: 'abandoned', ...IN_DOUBT }],
  ] as const)('a manual decision that was made in a process without handlers: %s', async (decision, end) => {
    const { Listener, heard, has } = listener(undefined, { state: ['held', 'accepted', 'abandoned'] });
    const { outbox } = await start([Listener]);
    const { outbox: desk } = await start([], { worker: false });
    sandbox.script({ fault: 'cut-after-accepting' });
    const [first = '', second = ''] = numbers(2);
    const { id } = await outbox.enqueue({ to: [first, second], content: 'x' });
    await has(1);
    await desk.resolveHeld(id, decision, { actor: 'a person', positions: [0] });
    await has(2);
    await desk.resolveHeld(id, decision, { actor: 'a person' });
    await has(3);
    await allTaken();
    const event = (...recipients: object[]) => ({ ...OWN, messageId: id, lane: 'priority', recipients });
    const held = { state: 'held', ...IN_DOUBT };
    expect(heard).toEqual([
      event(recipient(0, first, held), recipient(1, second, held)),
      event(recipient(0, first, end)),
      event(recipient(1, second, end)),
    ]);
  });

  it('all recipients of one response at once, and later those that change alone', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener], { timing: { ...TIMING, gracePeriodMs: 60_000 } });
    sandbox.script({ fault: 'missing-items' });
    const [first = '', second = ''] = numbers(2);
    const { id } = await outbox.enqueue({ to: [first, second], content: 'x' });
    await has(1);
    await pool.query(`update ${schema}.chunk set changed_at = changed_at - interval '1 hour'`);
    await has(2);
    await allTaken();
    const event = (...recipients: object[]) => ({ ...OWN, messageId: id, lane: 'priority', recipients });
    const unclear = (state: string) => recipient(1, second, { state, ...IN_DOUBT });
    expect(heard).toEqual([event(recipient(0, first, ACCEPTED), unclear('unknown')), event(unclear('held'))]);
  });

  it('each chunk of a campaign, and the end of the campaign', async () => {
    const { Listener, heard, has } = listener();
    const { campaigns } = await start([Listener]);
    const [first = '', second = ''] = numbers(2);
    const { id } = await campaigns.create(
      campaignOf({ name: 'spring', recipients: [first, 'x', second], sendAt: 'now' }),
    );
    await has(2);
    await allTaken();
    expect(heard).toEqual([
      {
        ...OWN,
        messageId: expect.any(String),
        campaignId: id,
        lane: 'bulk',
        recipients: [recipient(0, first, ACCEPTED), recipient(2, second, ACCEPTED)],
      },
      { ...progressOf(id, 'done', { total: 3, accepted: 2, invalid: 1 }), ...OWN, name: 'spring' },
    ]);
  });

  it('only the states that it is decorated for, each method its own', async () => {
    const calls: string[] = [];
    const note = (method: string) => (event: RecipientStateEvent) =>
      calls.push(`${method} ${event.recipients.map(({ position, state }) => `${position} ${state}`).join()}`);
    @Injectable()
    class Methods {
      @OnRecipientState({ state: 'accepted' })
      one(event: RecipientStateEvent) {
        note('one')(event);
      }

      @OnRecipientState({ state: 'unknown' })
      @OnRecipientState({ state: ['held', 'accepted'] })
      both(event: RecipientStateEvent) {
        note('both')(event);
      }
    }
    const { outbox } = await start([Methods]);
    sandbox.script({ fault: 'missing-items' });
    await outbox.enqueue({ to: [...numbers(2)], content: 'x' });
    await until(() => calls.length === 3);
    await allTaken();
    expect(calls).toEqual(['one 0 accepted', 'both 0 accepted,1 unknown', 'both 1 held']);
  });
});

describe('a failing handler', () => {
  it('is called again, delays no other message, and the text of its error is not logged', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    let failures = 0;
    @Injectable()
    class Failing {
      @OnRecipientState({ state: 'accepted' })
      async accepted({ recipients }: RecipientStateEvent) {
        if (++failures <= 1) throw new TypeError(`no row for ${String(recipients[0]?.number)}`);
      }

      @OnRecipientState({ state: 'held' })
      never() {
        throw new Error('nothing is held');
      }
    }
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Failing, Listener]);
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(1);
    await until(async () => (await open()) === 1);
    await has(2);
    await allTaken();
    expect({ failures, heard: ids(heard), logged: logged.mock.calls }).toEqual({
      failures: 2,
      heard: [id, id],
      logged: [['App/Failing.accepted failed; retrying: TypeError']],
    });
  });

  it('delays later changes of the same message, and no other message', async () => {
    jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    let fails = true;
    let failing = '';
    const taken: string[] = [];
    const { Listener } = listener((event) => {
      if (!('messageId' in event)) return;
      if (fails && event.messageId === failing) throw new Error('not now');
      taken.push(...event.recipients.map(({ state }) => `${event.messageId} ${state}`));
    });
    const { outbox } = await start([Listener]);
    const later = { sendAt: new Date(Date.now() + 60_000) };
    ({ id: failing } = await outbox.enqueue({ to: NUMBER, content: 'x' }, later));
    sandbox.script({ fault: 'cut-after-accepting' });
    await pool.query(`update ${schema}.chunk set due_at = clock_timestamp()`);
    await until(async () => (await outbox.find(failing))?.recipients[0]?.state === 'held');
    const { id: other } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await until(() => taken.length === 1);
    fails = false;
    await allTaken();
    expect(taken).toEqual([`${other} accepted`, `${failing} unknown`, `${failing} held`]);
  });

  it('is called again with back-off', async () => {
    jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    const { Listener, has } = listener(() => {
      throw new Error('never');
    });
    const { outbox, close: end } = await start([Listener]);
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    const pause = async () => {
      const { rows } = await pool.query<{ failures: number; pause: number }>(
        `select failures, extract(epoch from due_at - clock_timestamp())::float8 as pause
          from ${schema}.event where claim is null`,
      );
      return rows[0];
    };
    const failed = (failures: number) =>
      pool.query(`update ${schema}.event set failures = $1, due_at = clock_timestamp()`, [failures]);
    await has(1);
    await until(async () => (await pause())?.failures === 1);
    await failed(4);
    await until(async () => (await pause())?.failures === 5);
    const fifth = await pause();
    await failed(90);
    await until(async () => (await pause())?.failures === 91);
    const last = await pause();
    await end();
    expect(fifth).toEqual({ failures: 5, pause: expect.closeTo(16, -0.5) });
    expect(last).toEqual({ failures: 91, pause: expect.closeTo(600, -0.5) });
  });

  it('is given up after 7 days, and the log counts the lost events', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    const { Listener, has } = listener(() => {
      throw new Error('never');
    });
    const { outbox, close: end } = await start([Listener]);
    await outbox.enqueue({ to: [...numbers(2)], content: 'x' });
    await outbox.cancel(
      (await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendAt: new Date(Date.now() + 60_000) })).id,
    );
    await has(2);
    await end();
    await pool.query(`update ${schema}.event set recorded_at = recorded_at - interval '6 days'`);
    await (await start([])).close();
    const kept = await open();
    await pool.query(`update ${schema}.event set recorded_at = recorded_at - interval '1 day'`);
    await pool.query(`delete from ${schema}.turn`);
    await start([]);
    await allTaken();
    const lines = logged.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('7 days'));
    expect(kept).toBe(2);
    expect(lines).toEqual([
      'Events that no handler has handled for 7 days were removed: 1 of accepted, 1 of cancelled',
    ]);
  });
});

describe('a committed change reaches handlers', () => {
  const claim = (lease: string) =>
    pool.query(`update ${schema}.event set claim = gen_random_uuid(), due_at = clock_timestamp() + $1::interval`, [
      lease,
    ]);

  it('even if the process died before they had ended', async () => {
    // The handler is called, and the process dies before the result is stored.
    const first = listener(() => new Promise<void>((resolve) => releases.push(resolve)));
    // It does not poll any more.
    const dying = await start([first.Listener], { worker: { pollIntervalMs: 600_000 } });
    const { id } = await dying.outbox.enqueue({ to: NUMBER, content: 'x' });
    await first.has(1);
    const second = listener();
    await start([second.Listener]);
    const before = second.heard.length;
    await claim('-1 second');
    await second.has(1);
    await allTaken();
    expect(before).toBe(0);
    expect(ids(second.heard)).toEqual([id]);
  });

  it('even if the recipient changes while they run', async () => {
    const { Listener, heard, has } = listener(async () => {
      if (heard.length === 1) await until(async () => (await open()) === 2);
    });
    const { outbox } = await start([Listener]);
    sandbox.script({ fault: 'cut-after-accepting' });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(2);
    await allTaken();
    expect(statesIn(heard)).toEqual(['0 unknown', '0 held']);
  });

  it('once, however long they take', async () => {
    const { outbox, store } = await start([]);
    let calls = 0;
    let release = (): void => undefined;
    const run = () => {
      calls++;
      return new Promise<void>((resolve) => (release = resolve));
    };
    const handlers = { all: [{ name: 'slow', topics: new Set(['accepted']), run }] };
    const dispatchers = [new EventDispatcher(store, handlers, 1_000), new EventDispatcher(store, handlers, 1_000)];
    for (const dispatcher of dispatchers) {
      await dispatcher.onModuleInit();
      dispatcher.onApplicationBootstrap();
    }
    await outbox.send({ to: NUMBER, content: 'x' });
    await until(() => calls === 1);
    // Without the renewal at thirds of the lease, it would have expired twice.
    const leases = new Set<string>();
    await until(async () => {
      const { rows } = await pool.query<{ lease: string }>(`select due_at::text as lease from ${schema}.event`);
      return leases.add(rows[0]?.lease ?? '').size > 7;
    });
    release();
    await allTaken();
    for (const dispatcher of dispatchers) dispatcher.onModuleDestroy();
    await Promise.all(dispatchers.map((dispatcher) => dispatcher.beforeApplicationShutdown()));
    expect(calls).toBe(1);
  });

  it('once, in one of the processes', async () => {
    const [left, right] = [listener(), listener()];
    const [{ outbox }] = [await start([left.Listener]), await start([right.Listener])];
    const made: string[] = [];
    for (let count = 0; count < 200; count++) made.push((await outbox.enqueue({ to: NUMBER, content: 'x' })).id);
    await until(() => left.heard.length + right.heard.length >= made.length);
    await allTaken();
    expect(ids([...left.heard, ...right.heard]).sort()).toEqual(made.sort());
  });
});

describe('a process', () => {
  it('records nothing while there are no handlers', async () => {
    const { outbox, campaigns } = await start([]);
    await outbox.send({ to: NUMBER, content: 'x' });
    sandbox.script({ fault: 'cut-after-accepting' });
    const { id: held } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await until(async () => (await outbox.find(held))?.recipients[0]?.state === 'held');
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(2), sendAt: 'now' }));
    await until(async () => (await campaigns.find(id))?.state === 'done');
    await outbox.resolveHeld(held, 'sent', { actor: 'a person' });
    expect(await open()).toBe(0);
  });

  it('records no states without handlers, and nothing once the handlers have been gone for 7 days', async () => {
    const { Listener } = listener(undefined, { state: 'held' });
    const { outbox, close: end } = await start([Listener]);
    await outbox.send({ to: NUMBER, content: 'x' });
    await end();
    const { outbox: later } = await start([]);
    const holdOne = async () => {
      sandbox.script({ fault: 'cut-after-accepting' });
      const { id } = await later.enqueue({ to: NUMBER, content: 'x' });
      await until(async () => (await later.find(id))?.recipients[0]?.state === 'held');
    };
    await holdOne();
    const recorded = await open();
    await pool.query(`update ${schema}.subscription set seen_at = seen_at - interval '8 days'`);
    await holdOne();
    expect(recorded).toBe(1);
    expect(await open()).toBe(1);
  });

  it('with handlers need not send, and gets what other processes did before it started', async () => {
    const first = listener();
    await (await start([first.Listener], { worker: false })).close();
    const { outbox } = await start([]);
    const { id: before } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await until(async () => (await open()) === 1);
    const { Listener, heard, has } = listener();
    await start([Listener], { worker: false });
    const { id: after } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(2);
    await allTaken();
    expect(ids(heard)).toEqual([before, after]);
  });

  it('with other handlers gets other changes, in order', async () => {
    const left = listener(undefined, { state: 'unknown' });
    const right = listener(undefined, { state: 'held' });
    const [{ outbox }] = [await start([left.Listener]), await start([right.Listener])];
    sandbox.script({ fault: 'cut-after-accepting' });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    await right.has(1);
    await allTaken();
    expect(statesIn(left.heard)).toEqual(['0 unknown']);
    expect(statesIn(right.heard)).toEqual(['0 held']);
  });

  it('shuts down when its running handlers have ended', async () => {
    const order: string[] = [];
    let release = (): void => undefined;
    const { Listener, has } = listener(async () => {
      await new Promise<void>((resolve) => (release = resolve));
      order.push('handled');
    });
    @Injectable()
    class Hooks implements BeforeApplicationShutdown, OnApplicationShutdown {
      async beforeApplicationShutdown() {
        // Everything that does not wait for the handler has stopped.
        for (let turns = 0; turns < 20; turns++) await setImmediate();
        order.push('shutting down');
        release();
      }

      onApplicationShutdown() {
        order.push('shut down');
      }
    }
    const { outbox, close: end } = await start([Listener, Hooks]);
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(1);
    await end();
    expect(order).toEqual(['shutting down', 'handled', 'shut down']);
    expect(await open()).toBe(0);
  });

  it.each([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('does not start with a handler in a class that is %s', async (_name, scope) => {
    @Injectable({ scope })
    class Scoped {
      constructor(@Inject(SmsOutbox) readonly outbox: SmsOutbox) {}

      @OnRecipientState()
      changed() {
        return this.outbox;
      }
    }
    const error = await failureOf(start([Scoped]));
    expect((error as Error).message).toBe(
      'Scoped.changed cannot handle events of the outbox: Scoped is request-scoped or transient. ' +
        'Move the method into a provider of the default scope, which can create others with ModuleRef.resolve()',
    );
  });
});

describe('the decorators', () => {
  it('type-check the parameter of a method', () => {
    class Wrong {
      // @ts-expect-error a change has no name
      @OnRecipientState()
      changed(campaign: FinishedCampaign) {
        return campaign.name;
      }

      @OnCampaignDone()
      done({ name, accepted }: FinishedCampaign) {
        return [name, accepted];
      }
    }
    expect(Wrong).toBeInstanceOf(Function);
  });

  it.each([['pending'], ['deliverd'], [['held', 'sending']], [[]], [7]])(
    'reject a state without events: %j',
    (state) => {
      const decorate = OnRecipientState as (filter: unknown) => unknown;
      expect(() => decorate({ state })).toThrow(
        new TypeError(
          '@OnRecipientState({ state }) takes accepted, delivered, failed, rejected, cancelled, unknown, held, ' +
            'abandoned, or a list of them',
        ),
      );
    },
  );
});
