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
  OnHeld,
  OnSettled,
  SmsCampaigns,
  SmsOutbox,
  type FinishedCampaign,
  type LaafficOutboxOptions,
  type OutboxPart,
} from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { Announcer } from '../../libs/laaffic-outbox/src/events/announcer.js';
import { OutboxLedger } from '../../libs/laaffic-outbox/src/ledger/outbox-ledger.js';
import { failureOf } from '../module/account.js';
import { startApp } from './app.js';
import { campaignOf, numbers, progressOf, until } from './campaigns.js';
import { startDatabase } from './database.js';

const TIMING = {
  startWithin: 2_500,
  timeout: 2_500,
  lease: 5_200,
  grace: 100,
  lookup: false,
  reportsAfter: false,
} as const;
const NUMBER = '918563210001';

let database: Awaited<ReturnType<typeof startDatabase>>;
let pool: Pool;
let sandbox: LaafficSandbox;
let schema = '';
let schemas = 0;
let close: (() => Promise<void>)[] = [];

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
  await Promise.all(close.map((one) => one()));
  close = [];
});
afterAll(async () => {
  await sandbox.close();
  await pool.end();
  await database.close();
});

/** A worker with handlers, on the ledger of this test. */
async function start(providers: Type[], options: Partial<LaafficOutboxOptions> = {}) {
  const app = await startApp(
    sandbox,
    { database: database.url, schema, timing: TIMING, worker: { poll: 50 }, ...options },
    { providers },
  );
  let closing: Promise<void> | undefined;
  const end = () => (closing ??= app.close());
  close.push(end);
  const ledger = app.get(OutboxLedger);
  return { outbox: app.get(SmsOutbox), campaigns: app.get(SmsCampaigns), ledger, close: end };
}

/** Methods of each kind, and what they have heard; `meet` is what they do about it. */
function listener(meet: (kind: string, event: OutboxPart | FinishedCampaign) => unknown = () => undefined) {
  const heard: [kind: string, event: OutboxPart | FinishedCampaign][] = [];
  const hear = (kind: string, event: OutboxPart | FinishedCampaign) => {
    heard.push([kind, event]);
    return meet(kind, event);
  };
  @Injectable()
  class Listener {
    @OnSettled()
    settled(part: OutboxPart) {
      return hear('settled', part);
    }

    @OnHeld()
    held(part: OutboxPart) {
      return hear('held', part);
    }

    @OnCampaignDone()
    done(campaign: FinishedCampaign) {
      return hear('done', campaign);
    }
  }
  return { Listener, heard, has: (count: number) => until(() => heard.length >= count) };
}

const open = async (table: 'chunk' | 'campaign' = 'chunk') =>
  (await pool.query(`select id from ${schema}.${table} where announce_at is not null or announcements > 0`)).rows
    .length;
const allTold = () => until(async () => (await open()) + (await open('campaign')) === 0);
const recipient = (position: number, number: string, more: object) => ({
  position,
  number,
  orderId: expect.any(String),
  ...more,
});
const ACCEPTED = { state: 'accepted', msgId: expect.any(String) };
const NOT_KNOWN = { code: expect.any(String), reason: expect.any(String) };
const IN_DOUBT = { ...NOT_KNOWN, sentAt: expect.any(Date) };

describe('handlers are told', () => {
  it('what became of a message', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener]);
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(1);
    await allTold();
    expect(heard).toEqual([['settled', { id, lane: 'priority', recipients: [recipient(0, NUMBER, ACCEPTED)] }]]);
  });

  it('that a message was refused, or came too late', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener]);
    sandbox.script({ status: -3 });
    const refused = await outbox.enqueue({ to: NUMBER, content: 'x' }, { lane: 'bulk' });
    await has(1);
    const sendBefore = new Date(Date.now() - 1_000);
    const late = await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendBefore });
    await has(2);
    await allTold();
    const rejected = (more: object) => [recipient(0, NUMBER, { state: 'rejected', ...NOT_KNOWN, ...more })];
    expect(heard).toEqual([
      [
        'settled',
        {
          id: refused.id,
          lane: 'bulk',
          recipients: rejected({ code: 'LAAFFIC_SENSITIVE_CONTENT', msgId: expect.any(String) }),
        },
      ],
      ['settled', { id: late.id, lane: 'priority', recipients: rejected({ code: 'OUTBOX_EXPIRED' }) }],
    ]);
  });

  it('who of a message is held', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener]);
    sandbox.script({ fault: 'cut-after-accepting' });
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(1);
    await allTold();
    expect(heard).toEqual([
      ['held', { id, lane: 'priority', recipients: [recipient(0, NUMBER, { state: 'held', ...IN_DOUBT })] }],
    ]);
  });

  it.each([
    ['sent', { state: 'accepted' }],
    ['abandon', { state: 'abandoned', ...IN_DOUBT }],
  ] as const)('what a person has decided, in a process that sends nothing too: %s', async (decision, end) => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener]);
    const { outbox: desk } = await start([Listener], { worker: false });
    sandbox.script({ fault: 'cut-after-accepting' });
    const [first = '', second = ''] = numbers(2);
    const { id } = await outbox.enqueue({ to: [first, second], content: 'x' });
    await has(1);
    await allTold();
    await desk.resolve(id, decision, { by: 'a person', positions: [0] });
    await has(3);
    await allTold();
    await desk.resolve(id, decision, { by: 'a person' });
    await has(4);
    await allTold();
    const part = (...recipients: object[]) => ({ id, lane: 'priority', recipients });
    const [held, decided] = [{ state: 'held', ...IN_DOUBT }, end];
    expect(heard).toEqual([
      ['held', part(recipient(0, first, held), recipient(1, second, held))],
      ['settled', part(recipient(0, first, decided), recipient(1, second, held))],
      ['held', part(recipient(1, second, held))],
      ['settled', part(recipient(0, first, decided), recipient(1, second, decided))],
    ]);
  });

  it('who is held of a message that was settled but for some', async () => {
    const { Listener, heard, has } = listener();
    const { outbox } = await start([Listener], { timing: { ...TIMING, grace: 60_000 } });
    sandbox.script({ fault: 'missing-items' });
    const [first = '', second = ''] = numbers(2);
    const { id } = await outbox.enqueue({ to: [first, second], content: 'x' });
    await has(1);
    await allTold();
    await pool.query(`update ${schema}.chunk set changed_at = changed_at - interval '1 hour'`);
    await has(3);
    await allTold();
    const part = (...recipients: object[]) => ({ id, lane: 'priority', recipients });
    const known = recipient(0, first, ACCEPTED);
    const unclear = (state: string) => recipient(1, second, { state, ...IN_DOUBT });
    expect(heard).toEqual([
      ['settled', part(known, unclear('unknown'))],
      ['settled', part(known, unclear('held'))],
      ['held', part(unclear('held'))],
    ]);
  });

  it('of each part of a campaign, and of its end', async () => {
    const { Listener, heard, has } = listener();
    const { campaigns } = await start([Listener]);
    const [first = '', second = ''] = numbers(2);
    const { id } = await campaigns.create(
      campaignOf({ name: 'spring', recipients: [first, 'x', second], sendAt: 'now' }),
    );
    await has(2);
    await allTold();
    expect(heard).toEqual([
      [
        'settled',
        {
          id: expect.any(String),
          campaignId: id,
          lane: 'bulk',
          recipients: [
            recipient(0, first, ACCEPTED),
            { ...recipient(1, '', { state: 'rejected', ...NOT_KNOWN }), number: undefined },
            recipient(2, second, ACCEPTED),
          ],
        },
      ],
      ['done', { ...progressOf(id, 'done', { total: 3, accepted: 2, invalid: 1 }), name: 'spring' }],
    ]);
  });
});

describe('a handler that fails', () => {
  it('is called again, keeps nobody else, and its words are not logged', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    let failures = 0;
    @Injectable()
    class Failing {
      @OnSettled()
      async settled({ recipients }: OutboxPart) {
        if (++failures <= 1) throw new TypeError(`no row for ${String(recipients[0]?.number)}`);
      }

      @OnHeld()
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
    await allTold();
    expect({ failures, heard: heard.map(([kind, event]) => [kind, event.id]), logged: logged.mock.calls }).toEqual({
      failures: 2,
      heard: [
        ['settled', id],
        ['settled', id],
      ],
      logged: [['App/Failing.settled failed, and it is tried again: TypeError']],
    });
  });

  it('is called ever later', async () => {
    jest.spyOn(Logger.prototype, 'error').mockReturnValue();
    const { Listener, has } = listener(() => {
      throw new Error('never');
    });
    const { outbox, close: end } = await start([Listener]);
    const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    const pause = async () => {
      const { rows } = await pool.query<{ tries: number; pause: number }>(
        `select announcements as tries, extract(epoch from announce_at - clock_timestamp())::float8 as pause
          from ${schema}.chunk where id = $1`,
        [id],
      );
      return rows[0];
    };
    await has(1);
    await pool.query(`update ${schema}.chunk set announcements = 4, announce_at = clock_timestamp() where id = $1`, [
      id,
    ]);
    await has(2);
    await until(async () => ((await pause())?.pause ?? 60) < 30);
    const fifth = await pause();
    await pool.query(`update ${schema}.chunk set announcements = 90, announce_at = clock_timestamp() where id = $1`, [
      id,
    ]);
    await has(3);
    await until(async () => ((await pause())?.pause ?? 0) > 100);
    const last = await pause();
    await end();
    expect([fifth, last]).toEqual([
      { tries: 5, pause: expect.closeTo(16, -0.5) },
      { tries: 91, pause: expect.closeTo(600, -0.5) },
    ]);
  });
});

describe('nothing that was committed is kept from handlers', () => {
  it('if the process died before they were called', async () => {
    // Its worker has handlers, and dies with the claim.
    const first = listener();
    const dying = await start([first.Listener]);
    const { id } = await dying.outbox.enqueue({ to: NUMBER, content: 'x' });
    await first.has(1);
    await allTold();
    await dying.close();
    const claim = (lease: string) =>
      pool.query(`update ${schema}.chunk set announcements = 1, announce_at = clock_timestamp() + $1::interval`, [
        lease,
      ]);
    await claim('1 minute');

    const second = listener();
    await start([second.Listener]);
    const before = second.heard.length;
    await claim('-1 second');
    await second.has(1);
    await allTold();
    expect([before, second.heard.map(([kind, event]) => [kind, event.id])]).toEqual([0, [['settled', id]]]);
  });

  it('if it changes while they run', async () => {
    const { Listener, heard, has } = listener(async () => {
      if (heard.length === 1) await pool.query(`update ${schema}.chunk set announce_at = clock_timestamp()`);
    });
    const { outbox } = await start([Listener]);
    await outbox.enqueue({ to: NUMBER, content: 'x' });
    await has(2);
    await allTold();
    expect(heard.length).toBe(2);
  });

  it('and is told once, however long the handlers take', async () => {
    const { outbox, ledger } = await start([]);
    await outbox.send({ to: NUMBER, content: 'x' });
    let calls = 0;
    let release = (): void => undefined;
    const run = () => {
      calls++;
      return new Promise<void>((resolve) => (release = resolve));
    };
    const handlers = { for: () => [{ name: 'slow', kind: 'settled' as const, run }], takes: () => true };
    const announcers = [new Announcer(ledger, handlers, 1_000), new Announcer(ledger, handlers, 1_000)];
    for (const announcer of announcers) announcer.onApplicationBootstrap();
    await pool.query(`update ${schema}.chunk set announce_at = clock_timestamp()`);
    await until(() => calls === 1);
    // Renewed at thirds of the lease, it has run out twice but for that.
    const leases = new Set<string>();
    await until(async () => {
      const { rows } = await pool.query<{ lease: string }>(`select announce_at::text as lease from ${schema}.chunk`);
      return leases.add(rows[0]?.lease ?? '').size > 7;
    });
    release();
    await allTold();
    await Promise.all(announcers.map((announcer) => announcer.beforeApplicationShutdown()));
    expect(calls).toBe(1);
  });

  it('and each is told once, by one of the workers', async () => {
    const [left, right] = [listener(), listener()];
    const [{ outbox }] = [await start([left.Listener]), await start([right.Listener])];
    const ids: string[] = [];
    for (let made = 0; made < 200; made++) ids.push((await outbox.enqueue({ to: NUMBER, content: 'x' })).id);
    await until(() => left.heard.length + right.heard.length >= ids.length);
    await allTold();
    const heard = [...left.heard, ...right.heard].map(([, event]) => event.id);
    expect(heard.sort()).toEqual(ids.sort());
  });
});

describe('a process', () => {
  it('without handlers leaves nothing to tell', async () => {
    const { outbox, campaigns } = await start([]);
    await outbox.send({ to: NUMBER, content: 'x' });
    sandbox.script({ fault: 'cut-after-accepting' });
    const { id: held } = await outbox.enqueue({ to: NUMBER, content: 'x' });
    await until(async () => (await outbox.find(held))?.recipients[0]?.state === 'held');
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(2), sendAt: 'now' }));
    await until(async () => (await campaigns.find(id))?.state === 'done');
    await outbox.resolve(held, 'sent', { by: 'a person' });
    expect([await open(), await open('campaign')]).toEqual([0, 0]);
  });

  it('leaves nothing to tell of the kinds that it has no handlers for', async () => {
    @Injectable()
    class Held {
      @OnHeld()
      held() {
        throw new Error('nothing is held');
      }
    }
    const { outbox } = await start([Held]);
    await outbox.send({ to: NUMBER, content: 'x' });
    expect(await open()).toBe(0);
  });

  it('ends when the handlers under way have', async () => {
    const order: string[] = [];
    let release = (): void => undefined;
    const { Listener, has } = listener(async () => {
      await new Promise<void>((resolve) => (release = resolve));
      order.push('handled');
    });
    @Injectable()
    class Hooks implements BeforeApplicationShutdown, OnApplicationShutdown {
      async beforeApplicationShutdown() {
        // Everything has stopped that does not wait for the handler.
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
    expect([order, await open()]).toEqual([['shutting down', 'handled', 'shut down'], 0]);
  });

  it.each([
    ['for each request', Scope.REQUEST],
    ['for each user of it', Scope.TRANSIENT],
  ])('is not started with a handler of a class that is made %s', async (_name, scope) => {
    @Injectable({ scope })
    class Scoped {
      constructor(@Inject(SmsOutbox) readonly outbox: SmsOutbox) {}

      @OnSettled()
      settled() {
        return this.outbox;
      }
    }
    const error = await failureOf(start([Scoped]));
    expect((error as Error).message).toBe(
      'Scoped.settled cannot hear of the outbox: Scoped is not made once but for each request or each user of it. ' +
        'Move the method into a provider of the default scope; it can make others with ModuleRef.resolve()',
    );
  });
});

it('has decorators that hold methods to what they are given', () => {
  class Wrong {
    // @ts-expect-error a part has no name
    @OnSettled()
    settled(campaign: FinishedCampaign) {
      return campaign.name;
    }

    @OnCampaignDone()
    done({ name, accepted }: FinishedCampaign) {
      return [name, accepted];
    }
  }
  expect(Wrong).toBeInstanceOf(Function);
});
