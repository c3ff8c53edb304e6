import { setImmediate } from 'node:timers/promises';
import {
  Inject,
  Injectable,
  Logger,
  Scope,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
  type Provider,
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
import { withFunctions } from './functions.js';
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
async function start(providers: Provider[], options: Partial<LaafficOutboxOptions> = {}) {
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

/** Ages rows; the turns of recurring work, which processes before have taken, are over by then too. */
async function pass(aged: string) {
  await pool.query(`update ${schema}.${aged}`);
  await pool.query(`delete from ${schema}.turn`);
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
/** The number of events that are not routed yet, or that a handler still has to handle. */
const open = async () =>
  (
    await pool.query(
      `select 1 from ${schema}.event union all select 1 from ${schema}.event_delivery where dead_at is null`,
    )
  ).rows.length;
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
    const sensitive = await outbox.enqueue({ to: NUMBER, content: 'x' }, { lane: 'bulk' });
    await has(1);
    const sendBefore = new Date(Date.now() - 1_000);
    const late = await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendBefore });
    await has(2);
    await allTaken();
    const rejected = (more: object) => [recipient(0, NUMBER, { state: 'rejected', ...NOT_KNOWN, ...more })];
    expect(heard).toEqual([
      {
        ...OWN,
        messageId: sensitive.id,
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
    expect(calls.filter((call) => call.startsWith('one'))).toEqual(['one 0 accepted']);
    expect(calls.filter((call) => call.startsWith('both'))).toEqual(['both 0 accepted,1 unknown', 'both 1 held']);
  });
});

describe('a failing handler', () => {
  it('is called again, alone, and the text of its error is not logged', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    let calls = 0;
    @Injectable()
    class Failing {
      @OnRecipientState({ state: 'accepted' })
      async accepted({ recipients }: RecipientStateEvent) {
        if (++calls <= 2) throw new TypeError(`no row for ${String(recipients[0]?.number)}`);
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
    await allTaken();
    expect({ calls, heard: ids(heard), logged: logged.mock.calls }).toEqual({
      calls: 3,
      heard: [id],
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
    const { outbox, close: end } = await start([Listener], { events: { maxTries: 100 } });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    const pause = async () => {
      const { rows } = await pool.query<{ failures: number; pause: number }>(
        `select failures, extract(epoch from due_at - clock_timestamp())::float8 as pause
          from ${schema}.event_delivery where claim is null`,
      );
      return rows[0];
    };
    const failed = (failures: number) =>
      pool.query(`update ${schema}.event_delivery set failures = $1, due_at = clock_timestamp()`, [failures]);
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
    expect(last).toEqual({ failures: 91, pause: expect.closeTo(36_000, -0.5) });
  });
});

describe('a committed change reaches handlers', () => {
  const claim = (lease: string) =>
    pool.query(
      `update ${schema}.event_delivery set claim = gen_random_uuid(), due_at = clock_timestamp() + $1::interval`,
      [lease],
    );

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
      const { rows } = await pool.query<{ lease: string }>(
        `select due_at::text as lease from ${schema}.event_delivery`,
      );
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
    await pass(`event_handler set seen_at = seen_at - interval '8 days'`);
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

/** One method with a name of its own, and the events that it got; `meet` is what it does then. */
function named(
  name: string,
  meet: (event: RecipientStateEvent) => unknown = () => undefined,
  state?: RecipientStateFilter['state'],
) {
  const heard: RecipientStateEvent[] = [];
  @Injectable()
  class Named {
    @OnRecipientState({ name, state })
    changed(event: RecipientStateEvent) {
      heard.push(event);
      return meet(event);
    }
  }
  return { Named, heard, has: (count: number) => until(() => heard.length >= count) };
}

const silently = () => {
  jest.spyOn(Logger.prototype, 'log').mockReturnValue();
  return jest.spyOn(Logger.prototype, 'error').mockReturnValue();
};
const fail = () => {
  throw new TypeError(`no row for ${NUMBER}`);
};
const makeDue = () =>
  pool.query(`update ${schema}.event_delivery set due_at = clock_timestamp() where claim is null and dead_at is null`);
const failures = async () =>
  (
    await pool.query<{ handler: string; failures: number }>(
      `select handler, failures from ${schema}.event_delivery where claim is null order by handler, event_id`,
    )
  ).rows.map((row) => `${row.handler} ${row.failures}`);
const lost = (outbox: SmsOutbox) => {
  sandbox.script({ fault: 'cut-after-accepting' });
  return outbox.enqueue({ to: NUMBER, content: 'x' });
};

describe('in a rolling deployment', () => {
  it('a new handler gets what old processes do as soon as it is there, and its old neighbour too', async () => {
    const old = named('old');
    const { outbox } = await start([old.Named]);
    const { id: before } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await old.has(1);
    await allTaken();
    const young = named('young');
    const next = await start([young.Named], { worker: false });
    const { id: during } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await young.has(1);
    await old.has(2);
    // The new process is gone; the old one records and routes for it.
    await next.close();
    const { id: after } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await old.has(3);
    await until(async () => (await failures()).length === 1);
    await start([young.Named], { worker: false });
    await young.has(2);
    await allTaken();
    expect(ids(old.heard)).toEqual([before, during, after]);
    expect(ids(young.heard)).toEqual([during, after]);
  });

  /** A transaction of an old process that rejects a message. It has not committed yet. */
  const rejecting = async () => {
    const { outbox, close: end } = await start([], { worker: false });
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await end();
    await pool.query(`update ${schema}.chunk set state = 'sending', attempt = 1 where id = $1`, [id]);
    const client = await pool.connect();
    await client.query(`begin; set local search_path to ${schema}`);
    const reject = () => client.query(withFunctions(`select reject_chunk($1, 1, 'old', 'X', 'y')`), [id]);
    const commit = async () => {
      await client.query('commit');
      client.release();
    };
    return { id, reject, commit };
  };

  it('a transaction that began before a handler was there records for it', async () => {
    const { id, reject, commit } = await rejecting();
    const { Named, heard, has } = named('new');
    await start([Named], { worker: false });
    await reject();
    await commit();
    await has(1);
    await allTaken();
    expect(ids(heard)).toEqual([id]);
  });

  it('a handler is not there before transactions have ended that do not know it', async () => {
    const { reject, commit } = await rejecting();
    await reject();
    const { Named, heard } = named('new');
    let isThere = false;
    const starting = start([Named], { worker: false }).then(() => (isThere = true));
    await until(async () => {
      const { rows } = await pool.query(
        `select from pg_stat_activity where state = 'active' and query like '%"${schema}".await_recorders%'
          and pid <> pg_backend_pid()`,
      );
      return rows.length === 1;
    });
    const wasThere = isThere;
    await commit();
    await starting;
    expect(wasThere).toBe(false);
    expect(heard).toEqual([]);
  });

  it('a process leaves states alone that only the newer version of its method handles', async () => {
    const old = named('one', undefined, 'held');
    const young = named('one', undefined, ['unknown', 'held']);
    const [{ outbox }] = [await start([old.Named]), await start([young.Named])];
    await lost(outbox);
    await until(() => old.heard.length + young.heard.length === 2);
    await allTaken();
    expect(statesIn([...old.heard, ...young.heard]).sort()).toEqual(['0 held', '0 unknown']);
    expect(statesIn(old.heard)).not.toContain('0 unknown');
  });
});

describe('handlers do not depend on each other', () => {
  it('if they are in different processes', async () => {
    const [left, right] = [named('left'), named('right')];
    const [{ outbox }] = [await start([left.Named]), await start([right.Named], { worker: false })];
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await left.has(1);
    await right.has(1);
    await allTaken();
    expect([ids(left.heard), ids(right.heard)]).toEqual([[id], [id]]);
  });

  it('if one always throws: the other gets each change once, in order', async () => {
    silently();
    const [bad, good] = [named('bad', fail), named('good')];
    const { outbox } = await start([bad.Named, good.Named]);
    await lost(outbox);
    await good.has(2);
    await bad.has(2);
    expect(statesIn(good.heard)).toEqual(['0 unknown', '0 held']);
    expect(new Set(statesIn(bad.heard))).toEqual(new Set(['0 unknown']));
  });

  it('and what comes behind a change that was postponed is not looked at before', async () => {
    silently();
    const bad = named('bad', fail);
    const { outbox, close: end } = await start([bad.Named], { timing: { ...TIMING, gracePeriodMs: 60_000 } });
    const { id } = await lost(outbox);
    await until(async () => (await failures()).join() === 'bad 1');
    await end();
    const postponed = `update ${schema}.event_delivery set due_at = clock_timestamp() + interval '1 hour'`;
    await pool.query(postponed);
    await pool.query(
      `insert into ${schema}.event (account, topic, root_id, chunk_id, slots, attempt)
        select account, 'held', id, id, '{0}', 1 from ${schema}.chunk where id = $1`,
      [id],
    );
    await start([bad.Named], { worker: false });
    await until(async () => (await failures()).length === 2);
    const { rows } = await pool.query(`select count(distinct due_at)::int as times from ${schema}.event_delivery`);
    expect(rows).toEqual([{ times: 1 }]);
  });

  it('if one never ends: the other is called for more messages than run at once', async () => {
    const [slow, quick] = [named('slow', () => new Promise<void>((resolve) => releases.push(resolve))), named('quick')];
    const { outbox } = await start([slow.Named, quick.Named]);
    for (let count = 0; count < 20; count++) await outbox.enqueue({ to: NUMBER, content: 'x' });
    await quick.has(20);
    expect([slow.heard.length, quick.heard.length]).toEqual([16, 20]);
  });

  it('if there are many events, which each gets once and in the order of their message', async () => {
    const [left, right] = [named('left'), named('right')];
    const first = await start([left.Named, right.Named], { worker: false });
    await first.close();
    const { outbox } = await start([], { worker: false });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    // Twice as many as one step routes.
    await pool.query(
      `insert into ${schema}.event (account, topic, root_id, chunk_id, slots, attempt, code)
        select c.account, 'accepted', c.id + i % 300, c.id, '{0}', 1, i from ${schema}.chunk c, generate_series(1, 1200) i`,
    );
    await start([left.Named, right.Named], { worker: false });
    await allTaken();
    const expected = new Map<string, string[]>();
    for (let made = 1; made <= 1_200; made++) {
      const message = String(1 + (made % 300));
      expected.set(message, [...(expected.get(message) ?? []), String(made)]);
    }
    for (const { heard } of [left, right]) {
      const got = new Map<string, string[]>();
      for (const { messageId, recipients } of heard) {
        got.set(messageId, [...(got.get(messageId) ?? []), recipients[0]?.code ?? '']);
      }
      expect(got).toEqual(expected);
    }
  });

  it('so two methods cannot have the same name', async () => {
    const one = named('one');
    const other = named('one');
    const error = await failureOf(start([one.Named, { provide: 'other', useClass: other.Named }]));
    expect((error as Error).message).toBe(
      'Two methods handle events of the outbox under the name one. Give one of them a name of its own: ' +
        "@OnRecipientState({ name: '…' })",
    );
  });
});

describe('an event that its handler cannot handle', () => {
  it('becomes a dead letter after its last try; later events go on, and it can be retried', async () => {
    const logged = silently();
    let isFixed = false;
    const bad = named('bad', (event) => (isFixed || statesIn([event])[0] !== '0 unknown' ? undefined : fail()));
    const { outbox } = await start([bad.Named], { events: { maxTries: 3 } });
    const { id } = await lost(outbox);
    await bad.has(1);
    await until(async () => (await failures())[0] === 'bad 1');
    await makeDue();
    await until(async () => (await failures())[0] === 'bad 2');
    await makeDue();
    await bad.has(4);
    await allTaken();
    const [failed, ...others] = await outbox.listFailedEvents();
    expect(failed).toEqual({
      id: expect.any(String),
      handler: 'bad',
      state: 'unknown',
      messageId: id,
      recipients: 1,
      error: 'TypeError',
      tries: 3,
      recordedAt: expect.any(Date),
      firstFailedAt: expect.any(Date),
      lastFailedAt: expect.any(Date),
    });
    expect(others).toEqual([]);
    expect(statesIn(bad.heard)).toEqual(['0 unknown', '0 unknown', '0 unknown', '0 held']);
    expect((await outbox.getStats()).failedEvents).toBe(1);
    isFixed = true;
    expect(await outbox.retryFailedEvents({ handler: 'other' }, { actor: 'ann' })).toBe(0);
    expect(await outbox.retryFailedEvents({ ids: [failed?.id ?? ''] }, { actor: 'ann' })).toBe(1);
    await bad.has(5);
    await allTaken();
    expect(await outbox.listFailedEvents()).toEqual([]);
    expect(statesIn(bad.heard).at(-1)).toBe('0 unknown');
    const entries = [];
    for await (const { event, actor, detail } of outbox.getHistory(id)) entries.push({ event, actor, detail });
    expect(entries.at(-1)).toEqual({ event: 'event retried', actor: 'ann', detail: 'bad' });
    expect(logged.mock.calls).toEqual([
      ['bad failed; retrying: TypeError'],
      [
        'bad failed 3 times for the same event and is no longer called for it: TypeError. outbox.listFailedEvents() ' +
          'lists such events; more are not logged until the handler succeeds',
      ],
    ]);
  });

  it('does not take others along that were tried together with it', async () => {
    silently();
    const bad = named('bad', ({ recipients }) =>
      recipients.some(({ position }) => position === 1) ? fail() : undefined,
    );
    const { outbox } = await start([bad.Named], { events: { maxTries: 2 } });
    const to = [...numbers(3)];
    // Three changes of one message in one transaction: they reach the handler in one call.
    sandbox.configure({
      rejectionRules: [
        { number: to[1] ?? '', status: -9 },
        { number: to[2] ?? '', status: -28 },
      ],
    });
    await outbox.enqueue({ to, content: 'x' });
    await bad.has(1);
    await until(async () => (await failures()).length === 3);
    await makeDue();
    await allTaken();
    expect(statesIn(bad.heard)).toEqual([
      '0 accepted',
      '1 rejected',
      '2 rejected',
      '0 accepted',
      '1 rejected',
      '2 rejected',
    ]);
    expect((await outbox.listFailedEvents()).map(({ state, recipients }) => `${state ?? ''} ${recipients}`)).toEqual([
      'rejected 1',
    ]);
  });

  it('is found and retried by the name of its handler, in pages', async () => {
    silently();
    let isFixed = false;
    const bad = named('bad', () => (isFixed ? undefined : fail()));
    const { outbox } = await start([bad.Named], { events: { maxTries: 1 } });
    const made: string[] = [];
    for (let count = 0; count < 3; count++) {
      made.unshift((await outbox.enqueue({ to: NUMBER, content: 'x' })).id);
      await bad.has(count + 1);
      await allTaken();
    }
    const [first] = await outbox.listFailedEvents({ limit: 1 });
    const rest = await outbox.listFailedEvents({ handler: 'bad', before: first?.id });
    expect([first, ...rest].map((event) => event?.messageId)).toEqual(made);
    expect(await outbox.listFailedEvents({ handler: 'other' })).toEqual([]);
    isFixed = true;
    expect(await outbox.retryFailedEvents({ handler: 'bad' }, { actor: 'ann' })).toBe(3);
    await bad.has(6);
    await allTaken();
    expect(await outbox.listFailedEvents()).toEqual([]);
  });

  it('becomes a dead letter too if its handler ends the process each time', async () => {
    silently();
    const dying = named('dying', () => new Promise<void>((resolve) => releases.push(resolve)));
    const { outbox } = await start([dying.Named], { events: { maxTries: 3 } });
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    for (let deaths = 1; deaths <= 3; deaths++) {
      await dying.has(deaths);
      // The claim of a process that has died ends.
      await pool.query(`update ${schema}.event_delivery set claim = gen_random_uuid(), due_at = clock_timestamp()`);
    }
    await allTaken();
    expect(dying.heard.length).toBe(3);
    expect(await outbox.listFailedEvents()).toEqual([
      expect.objectContaining({ messageId: id, error: 'OUTBOX_HANDLER_LOST', tries: 3 }),
    ]);
  });

  it('is removed after 30 days, which is logged', async () => {
    const logged = silently();
    const bad = named('bad', fail);
    const { outbox, close: end } = await start([bad.Named], { events: { maxTries: 1 } });
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    await until(async () => (await outbox.listFailedEvents()).length === 1);
    await end();
    await pass(`event_delivery set dead_at = dead_at - interval '29 days'`);
    const { outbox: desk, close: endDesk } = await start([]);
    const kept = await desk.listFailedEvents();
    await endDesk();
    await pass(`event_delivery set dead_at = dead_at - interval '1 day'`);
    const { outbox: later } = await start([]);
    await until(async () => (await later.listFailedEvents()).length === 0);
    expect(kept).toHaveLength(1);
    expect(logged.mock.calls.at(-1)).toEqual([
      'Failed events were removed, because they were not retried for 30 days: 1 of bad',
    ]);
  });

  it.each([
    [{ ids: ['x'] }, { actor: 'a' }, ['ids']],
    [{ ids: ['1'], handler: 'x' }, { actor: 'a' }, ['ids']],
    [{}, {}, ['ids', 'actor']],
    [{ handler: '' }, { actor: '' }, ['handler', 'actor']],
  ])('is not retried by a wrong call: %j, %j', async (selection, options, fields) => {
    const { outbox } = await start([], { worker: false });
    const retry = outbox.retryFailedEvents.bind(outbox) as (selection: unknown, options: unknown) => Promise<number>;
    const error = (await failureOf(retry(selection, options))) as { issues: { field: string }[] };
    expect(error.issues.map(({ field }) => field)).toEqual(fields);
  });

  it('is not listed by a wrong call', async () => {
    const { outbox } = await start([], { worker: false });
    const error = await failureOf(outbox.listFailedEvents({ handler: '', before: 'x', limit: 1_001 }));
    expect((error as { issues: { field: string }[] }).issues.map(({ field }) => field)).toEqual([
      'handler',
      'before',
      'limit',
    ]);
  });
});

describe('a handler that no process has any more', () => {
  it('ends after 7 days with its events, which is logged; other handlers go on', async () => {
    const logged = silently();
    const [gone, stays] = [named('gone', fail), named('stays')];
    const first = await start([gone.Named, stays.Named]);
    await first.outbox.enqueue({ to: NUMBER, content: 'x' });
    await until(async () => (await failures()).join() === 'gone 1');
    await first.close();
    await pass(`event_handler set seen_at = seen_at - interval '6 days'`);
    const second = await start([stays.Named]);
    await second.outbox.enqueue({ to: NUMBER, content: 'x' });
    await stays.has(2);
    await until(async () => (await failures()).length === 2);
    await second.close();
    await pass(`event_handler set seen_at = seen_at - interval '1 day' where handler = 'gone'`);
    const third = await start([stays.Named]);
    await allTaken();
    await third.outbox.enqueue({ to: NUMBER, content: 'x' });
    await stays.has(3);
    await allTaken();
    const handlers = await pool.query(`select distinct handler from ${schema}.event_handler`);
    expect(handlers.rows).toEqual([{ handler: 'stays' }]);
    expect(logged.mock.calls.at(-1)).toEqual([
      'Events were removed, because no process has had their handlers for 7 days: 2 of gone',
    ]);
  });

  it('leaves nothing behind that was not routed', async () => {
    const logged = silently();
    const { Named } = named('gone');
    await (await start([Named], { worker: false })).close();
    const { outbox, close: end } = await start([]);
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    await until(async () => (await open()) === 1);
    await end();
    await pass(`event set recorded_at = recorded_at - interval '7 days'`);
    await start([]);
    await allTaken();
    expect(logged.mock.calls.at(-1)).toEqual([
      'Events were removed, because no process with handlers has been running for 7 days: 1 of accepted',
    ]);
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

  it.each([[''], [' '], ['x'.repeat(201)], ['a\nb'], [7]])('reject what is not a name: %j', (name) => {
    for (const [title, decorate] of Object.entries({ OnRecipientState, OnCampaignDone })) {
      expect(() => (decorate as (options: unknown) => unknown)({ name })).toThrow(
        new TypeError(`@${title}({ name }) takes text of 1 to 200 characters on one line`),
      );
    }
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
