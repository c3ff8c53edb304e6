import { AssertionError } from 'node:assert';
import { Injectable, Logger, Module, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  getOutboxToken,
  LaafficOutboxModule,
  OnCampaignDone,
  OnRecipientState,
  SmsCampaigns,
  SmsOutbox,
  SmsTemplates,
  type FinishedCampaign,
  type LaafficOutboxOptions,
  type RecipientStateEvent,
} from 'nestjs-laaffic-outbox';
import { getOutboxTesterToken, OutboxTester, OutboxTestingModule } from 'nestjs-laaffic-outbox/testing';
import { getSmsToken, SmsService } from 'nestjs-laaffic';
import { FakeSmsService, LaafficTestingModule } from 'nestjs-laaffic/testing';
import { Pool } from 'pg';
import { PeriodicTask } from '../../libs/laaffic-outbox/src/runtime/periodic-task.js';
import { LaneWorker } from '../../libs/laaffic-outbox/src/worker/lane.js';
import { readAll } from './campaigns.js';
import { startDatabase, type TestDatabase } from './database.js';

const [ANNA, BERT] = ['91856321412', '91856321413'] as const;
const NOTHING = { requests: 0, accepted: 0, rejected: 0, unknown: 0, held: 0, abandoned: 0 };
const MINUTE = 60_000;
const soon = (milliseconds: number): Date => new Date(Date.now() + milliseconds);

/** A service of an app. */
@Injectable()
class Orders {
  readonly states: string[] = [];
  readonly campaigns: string[] = [];
  readonly answered: string[] = [];
  failures = 0;
  /** What to do while a rejection is handled. */
  meanwhile: () => Promise<void> = () => Promise.resolve();

  constructor(private readonly outbox: SmsOutbox) {}

  async isTold(number: string): Promise<boolean> {
    const { receipt } = await this.outbox.send({ to: number, content: 'Your order is placed' });
    return receipt?.accepted.length === 1;
  }

  @OnRecipientState()
  onState({ messageId, recipients }: RecipientStateEvent): void {
    if (this.failures-- > 0) throw new Error('not now');
    for (const { state } of recipients) this.states.push(`${messageId} ${state}`);
  }

  @OnRecipientState({ state: 'rejected' })
  async onRejected({ reference }: RecipientStateEvent): Promise<void> {
    await this.meanwhile();
    if (reference !== 'apologize') return;
    const { receipt } = await this.outbox.send({ to: BERT, content: 'Sorry' });
    this.answered.push(receipt?.accepted[0]?.number ?? 'no outcome');
  }

  @OnCampaignDone()
  onDone({ name, accepted }: FinishedCampaign): void {
    this.campaigns.push(`${name}: ${accepted}`);
  }
}

let database: TestDatabase;
let pool: Pool;
const apps: INestApplication[] = [];

beforeAll(async () => {
  database = await startDatabase();
  pool = new Pool({ connectionString: database.url, max: 2 });
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await pool.end();
  await database.close();
});

/** An app as it is, and beside it the module for tests. */
async function start(options: Partial<LaafficOutboxOptions>) {
  @Module({
    imports: [
      LaafficTestingModule.forRoot({ isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: database.url, ...options }),
    ],
    providers: [Orders],
  })
  class AppModule {}
  const module = await Test.createTestingModule({ imports: [AppModule, OutboxTestingModule.forRoot()] }).compile();
  const app = module.createNestApplication();
  app.useLogger(false);
  await app.init();
  // Failures in these tests are intended.
  Logger.overrideLogger(false);
  apps.push(app);
  return {
    tester: app.get(OutboxTester),
    sms: app.get<FakeSmsService>(SmsService),
    outbox: app.get(SmsOutbox),
    campaigns: app.get(SmsCampaigns),
    templates: app.get(SmsTemplates),
    orders: app.get(Orders),
  };
}

describe('OutboxTester', () => {
  let app: Awaited<ReturnType<typeof start>>;
  let [tester, sms, outbox, campaigns, orders] = [] as unknown as [
    OutboxTester,
    FakeSmsService,
    SmsOutbox,
    SmsCampaigns,
    Orders,
  ];

  beforeAll(async () => {
    app = await start({});
    ({ tester, sms, outbox, campaigns, orders } = app);
  });
  beforeEach(async () => {
    await tester.reset();
    sms.reset();
    for (const list of [orders.states, orders.campaigns, orders.answered]) list.length = 0;
    orders.failures = 0;
    orders.meanwhile = () => Promise.resolve();
  });

  const stateOf = async (id: string) => (await outbox.find(id))?.recipients.map(({ state }) => state).join();

  describe('runDue', () => {
    it('resolves with nothing due', async () => {
      expect(await tester.runDue()).toEqual(NOTHING);
    });

    it('sends what is due, and nothing is sent before', async () => {
      const { id } = await outbox.enqueue({ to: [ANNA, BERT], content: 'Your order is placed' });
      sms.assertNothingSent();
      expect(await stateOf(id)).toBe('pending,pending');

      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 2 });
      sms.assertSentTo(ANNA, ({ content }) => content === 'Your order is placed');
      expect(await stateOf(id)).toBe('accepted,accepted');
      expect(orders.states).toEqual([`${id} accepted`, `${id} accepted`]);
      expect(await tester.runDue()).toEqual(NOTHING);
    });

    it('sends more messages than a worker has slots, in their order', async () => {
      const numbers = Array.from({ length: 50 }, (_, i) => String(918_563_000_000 + i));
      for (const to of numbers) await outbox.enqueue({ to, content: 'x' });
      sms.failNext({ status: -3 });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 50, accepted: 49, rejected: 1 });
      expect(sms.sent.map(({ number }) => number)).toEqual(numbers.slice(1));
    });

    it('leaves a message pending that the gateway did not accept, and sends it when its pause is over', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' });
      sms.failNext({ failure: 'not-connected' });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1 });
      expect(await stateOf(id)).toBe('pending');

      await tester.advance({ seconds: 1 });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 1 });
    });

    it('does not retry such a message, however long the handlers of others take', async () => {
      await outbox.enqueue({ to: ANNA, content: 'x' });
      await outbox.enqueue({ to: BERT, content: 'x' });
      sms.failNext({ status: -3 });
      sms.failNext({ failure: 'not-connected' });
      orders.meanwhile = () => tester.advance({ seconds: 1 });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 2, rejected: 1 });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 1 });
    });

    it('ends while the gateway rejects the account', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' });
      for (let time = 0; time < 3; time++) {
        sms.failNext({ status: -10 });
        expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1 });
        await tester.advance({ minutes: 6 });
      }
      expect((await outbox.getStats()).paused?.code).toBe('LAAFFIC_INSUFFICIENT_BALANCE');
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 1 });
      expect(await stateOf(id)).toBe('accepted');
    });

    it('calls handlers again that failed, when their pause is over', async () => {
      orders.failures = 1;
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' });
      await tester.runDue();
      expect(orders.states).toEqual([]);
      await tester.advance({ seconds: 2 });
      await tester.runDue();
      expect(orders.states).toEqual([`${id} accepted`]);
    });

    it('sends what a handler sends and waits for', async () => {
      sms.failNext({ status: -3 });
      await outbox.enqueue({ to: ANNA, content: 'x' }, { reference: 'apologize' });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 2, accepted: 1, rejected: 1 });
      expect(orders.answered).toEqual([BERT]);
    });

    it('runs a campaign to its end', async () => {
      const { id } = await campaigns.create({ name: 'Sale', content: 'x', recipients: [ANNA, BERT], sendAt: 'now' });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 2 });
      expect(await campaigns.getProgress(id)).toMatchObject({ state: 'done', accepted: 2, total: 2 });
      expect((await readAll(campaigns.listResults(id))).map(({ state }) => state)).toEqual(['accepted', 'accepted']);
      expect(orders.campaigns).toEqual(['Sale: 2']);
    });

    it('fetches delivery reports that are due', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' });
      await tester.runDue();
      sms.setDeliveryReport(sms.lastMessage().msgId, 'delivered');
      await tester.runDue();
      expect(await stateOf(id)).toBe('accepted');

      await tester.advance({ minutes: 15 });
      await tester.runDue();
      expect(await stateOf(id)).toBe('delivered');
      expect(orders.states).toEqual([`${id} accepted`, `${id} delivered`]);
    });

    it('finds an unknown message in the sent records', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' });
      sms.failNext({ failure: 'timeout' });
      sms.setDeliveryReport('2601010000000000009', 'delivered', { number: ANNA, at: soon(1_000) });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, unknown: 1 });
      expect(await stateOf(id)).toBe('delivered');
    });
  });

  describe('advance', () => {
    it('makes a scheduled message due', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' }, { sendAt: soon(120 * MINUTE) });
      await tester.advance({ hours: 1, minutes: 59 });
      expect(await tester.runDue()).toEqual(NOTHING);
      await tester.advance(MINUTE);
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 1 });
      expect(await stateOf(id)).toBe('accepted');
    });

    it('leaves the present as it is: dates of the app and of the outbox go together', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' }, { sendAt: soon(120 * MINUTE) });
      await tester.advance({ hours: 2 });
      const { dueAt, createdAt } = (await outbox.find(id))!;
      expect(Math.abs(dueAt.getTime() - Date.now())).toBeLessThan(MINUTE);
      expect(Math.abs(createdAt.getTime() - soon(-120 * MINUTE).getTime())).toBeLessThan(MINUTE);

      const next = await outbox.enqueue(
        { to: BERT, content: 'x' },
        { sendAt: soon(-MINUTE), sendBefore: soon(MINUTE) },
      );
      await tester.runDue();
      expect(await stateOf(next.id)).toBe('accepted');
    });

    it('lets a message expire', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' }, { sendBefore: soon(MINUTE) });
      await tester.advance({ minutes: 2 });
      expect(await tester.runDue()).toEqual({ ...NOTHING, rejected: 1 });
      expect((await outbox.find(id))?.recipients).toMatchObject([{ state: 'rejected', code: 'OUTBOX_EXPIRED' }]);
      expect(orders.states).toEqual([`${id} rejected`]);
      sms.assertNothingSent();
    });

    it('starts a scheduled campaign', async () => {
      const sendAt = soon(120 * MINUTE);
      const { id } = await campaigns.create({ name: 'Sale', content: 'x', recipients: [ANNA], sendAt });
      expect(await tester.runDue()).toEqual(NOTHING);
      expect((await campaigns.find(id))?.state).toBe('scheduled');
      await tester.advance({ hours: 2 });
      await tester.runDue();
      expect((await campaigns.find(id))?.state).toBe('done');
    });

    it('ends the grace period of an unknown message, which is then held and can be sent again', async () => {
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' });
      sms.failNext({ failure: 'timeout' });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, unknown: 1 });
      await tester.advance({ minutes: 14 });
      expect(await tester.runDue()).toEqual(NOTHING);
      await tester.advance({ minutes: 1 });
      expect(await tester.runDue()).toEqual({ ...NOTHING, held: 1 });

      await outbox.resolveHeld(id, 'resend', { actor: 'alice' });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 1 });
      expect(orders.states).toEqual([`${id} unknown`, `${id} held`, `${id} accepted`]);
      sms.assertSentCount(1);
    });

    it('ends the retention period; handlers stay registered meanwhile', async () => {
      const command = { to: ANNA, content: 'x' };
      const { id } = await outbox.enqueue(command, { idempotencyKey: 'order 1', reference: '1' });
      await tester.runDue();
      await tester.advance({ days: 89 });
      await tester.runRetention();
      expect(await tester.enqueued()).toMatchObject([{ content: 'x', reference: '1' }]);

      await tester.advance({ days: 2 });
      await tester.runRetention();
      const [erased] = await tester.enqueued();
      expect(erased?.recipients).toMatchObject([{ number: undefined, state: 'accepted' }]);
      expect([erased?.content, erased?.reference, erased?.idempotencyKey]).toEqual([undefined, undefined, undefined]);

      const { id: next, isNew } = await outbox.enqueue(command, { idempotencyKey: 'order 1' });
      expect(isNew).toBe(true);
      await tester.runDue();
      expect(orders.states).toEqual([`${id} accepted`, `${next} accepted`]);

      await tester.advance({ days: 90 });
      await tester.runRetention();
      expect((await tester.enqueued()).map((message) => message.id)).toEqual([next]);
    });

    it('moves every time of every table by the same', async () => {
      await outbox.enqueue({ to: ANNA, content: 'x' }, { sendBefore: soon(MINUTE), idempotencyKey: 'k' });
      await outbox.pauseLane('bulk', { actor: 'alice' });
      await campaigns.create({ name: 'Sale', content: 'x', recipients: [ANNA], sendAt: soon(MINUTE) });
      const before = await times();
      await tester.advance({ days: 3 });
      const after = await times();
      const days = [...before].map(([column, time]) => [column, (time - after.get(column)!) / 86_400_000] as const);
      // A running process renews what it has registered; the other two tell what a release has installed.
      const exceptions = /^(event_handler\.seen_at|migration\..*|function_set\..*)$/;
      expect(days.length).toBeGreaterThan(15);
      expect(Object.fromEntries(days.filter(([column, moved]) => moved !== (exceptions.test(column) ? 0 : 3)))).toEqual(
        {},
      );
    });

    it('rejects what is no duration', async () => {
      for (const wrong of [-1, NaN, { hours: -1 }, { hour: 1 } as object]) {
        await expect(tester.advance(wrong)).rejects.toThrow(RangeError);
      }
    });
  });

  describe('runWhile', () => {
    it('runs the outbox while a service waits for an outcome', async () => {
      expect(await tester.runWhile(orders.isTold(ANNA))).toBe(true);
      sms.failNext({ failure: 'timeout' });
      expect(await tester.runWhile(orders.isTold(BERT))).toBe(false);
    });

    it('retries as a worker does', async () => {
      sms.failNext({ failure: 'not-connected' });
      expect(await tester.runWhile(orders.isTold(ANNA))).toBe(true);
    });

    it('rejects with what the promise rejects with', async () => {
      await expect(tester.runWhile(Promise.reject(new Error('no such order')))).rejects.toThrow('no such order');
    });
  });

  describe('reset', () => {
    it.each(['first', 'second'])('lets the %s of two tests see only its own message', async (content) => {
      await outbox.enqueue({ to: ANNA, content });
      sms.failNext({ status: -10 });
      expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1 });
      expect((await tester.enqueued()).map((message) => message.content)).toEqual([content]);
    });

    it('empties the schema, and forgets pauses of the account and of a lane', async () => {
      sms.failNext({ status: -10 });
      await outbox.enqueue({ to: ANNA, content: 'x' });
      await campaigns.create({ name: 'Sale', content: 'x', recipients: [ANNA], idempotencyKey: 'sale' });
      await tester.runDue();
      await outbox.pauseLane('priority', { actor: 'alice' });

      await tester.reset();
      await tester.assertNothingEnqueued();
      expect(await campaigns.list()).toEqual([]);
      const { paused, pausedLanes, backlog } = await outbox.getStats();
      expect([paused, pausedLanes, backlog]).toEqual([undefined, [], 0]);
      const { id } = await outbox.enqueue({ to: ANNA, content: 'x' });
      await tester.runDue();
      expect(orders.states).toEqual([`${id} accepted`]);
    });

    it('keeps templates, which an app may put at boot', async () => {
      await app.templates.put('hello', { texts: { en: 'Hello {{name}}' }, defaultLocale: 'en' }, { actor: 'app' });
      await tester.reset();
      await outbox.enqueue({ to: ANNA, template: { name: 'hello', vars: { name: 'Anna' } } });
      expect((await tester.enqueued()).map(({ content }) => content)).toEqual(['Hello Anna']);
    });

    it('forgets requests without a response', async () => {
      for (let count = 0; count < 8; count++) {
        if (count === 4) await tester.reset();
        await outbox.enqueue({ to: ANNA, content: 'x' });
        sms.failNext({ failure: 'timeout' });
        await tester.runDue();
      }
      expect((await outbox.getStats()).limitedLanes).toEqual([]);
    });
  });

  describe('the assertions', () => {
    const command = { to: [ANNA, BERT], content: 'Your code is 482913, for 91856321414' };

    it('pass', async () => {
      await tester.assertNothingEnqueued();
      await tester.assertEnqueuedCount(0);
      await outbox.enqueue(command, { reference: 'order 1' });
      await tester.assertEnqueued();
      await tester.assertEnqueued(({ lane, reference }) => lane === 'priority' && reference === 'order 1');
      await tester.assertEnqueuedTo('+91 856-321-413');
      await tester.assertEnqueuedTo(ANNA, ({ content }) => /\d{6}/.test(content ?? ''));
      await tester.assertNotEnqueuedTo('91856321414');
      await tester.assertEnqueuedCount(1);
    });

    it('have everything that the app gave', async () => {
      const [sendAt, sendBefore] = [soon(MINUTE), soon(2 * MINUTE)];
      const given = { reference: 'order 1', idempotencyKey: 'key', lane: 'bulk', actor: 'alice' } as const;
      const { id } = await outbox.enqueue({ ...command, senderId: 'Shop' }, { ...given, sendAt, sendBefore });
      expect(await tester.enqueued()).toEqual([
        { ...(await outbox.find(id)), ...given, content: command.content, senderId: 'Shop', dueAt: sendAt, sendBefore },
      ]);
    });

    it.each<[string, () => Promise<void>, string]>([
      ['assertEnqueued', () => tester.assertEnqueued(() => false), 'Expected a message that the predicate accepts'],
      ['assertEnqueuedTo', () => tester.assertEnqueuedTo('91856321414'), 'Expected a message to 9185…414'],
      [
        'assertEnqueuedTo with a predicate',
        () => tester.assertEnqueuedTo(ANNA, () => false),
        'Expected a message to 9185…412 that the predicate accepts',
      ],
      ['assertNotEnqueuedTo', () => tester.assertNotEnqueuedTo('+91 85632 1412'), 'Expected no message to 9185…412'],
      ['assertEnqueuedCount', () => tester.assertEnqueuedCount(1), 'Expected 1 message'],
      ['assertNothingEnqueued', () => tester.assertNothingEnqueued(), 'Expected no message'],
    ])('fail with masked numbers and shortened contents: %s', async (_, check, expectation) => {
      await outbox.enqueue(command);
      await outbox.enqueue({ to: ANNA, content: 'x' }, { lane: 'bulk' });
      const failure: unknown = await check().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AssertionError);
      expect((failure as Error).message).toBe(
        [
          `${expectation}; 2 messages are enqueued:`,
          '  1. to 9185…412 and 1 more, priority, pending: "Your code is 482913, for…"',
          '  2. to 9185…412, bulk, pending: "x"',
        ].join('\n'),
      );
    });

    it('fail if there is nothing, and if the text is not a number', async () => {
      await expect(tester.assertEnqueued()).rejects.toThrow('Expected a message; nothing is enqueued');
      const problem = 'Expected a phone number with country code to look for, 7 to 15 digits';
      await expect(tester.assertEnqueuedTo('12')).rejects.toThrow(problem);
    });
  });

  /** The oldest time in each column of the schema. */
  async function times(): Promise<Map<string, number>> {
    const { rows } = await pool.query<{ name: string; column: string }>(
      `select table_name as name, column_name as column from information_schema.columns join information_schema.tables
        using (table_schema, table_name)
        where table_schema = 'laaffic_outbox' and table_type = 'BASE TABLE' and data_type like 'timestamp%'`,
    );
    const found = new Map<string, number>();
    for (const { name, column } of rows) {
      const oldest = await pool.query<{ at: Date | number | null }>(
        `select min(${column}) as at from laaffic_outbox.${name}`,
      );
      const at = oldest.rows[0]?.at;
      if (at instanceof Date) found.set(`${name}.${column}`, at.getTime());
    }
    return found;
  }
});

it('leaves nothing running in the background', async () => {
  const starts = [jest.spyOn(PeriodicTask.prototype, 'start'), jest.spyOn(LaneWorker.prototype, 'start')];
  await start({ schema: 'manual' });
  expect(starts.map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  for (const spy of starts) spy.mockRestore();
});

it('works for an app that does not send by itself, and keeps no rate', async () => {
  const rate = { recipientsPerSecond: 1 };
  const { tester, outbox, sms } = await start({ schema: 'enqueues', worker: false, rate });
  for (let count = 0; count < 5; count++) await outbox.enqueue({ to: ANNA, content: 'x' });
  await outbox.enqueue({ to: [ANNA, BERT], content: 'x' }, { lane: 'bulk' });
  expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 6, accepted: 7 });
  sms.assertSentCount(7);
});

it('takes over only the outbox of its account', async () => {
  const app = await Test.createTestingModule({
    imports: [
      ...[undefined, 'marketing'].flatMap((account) => [
        LaafficTestingModule.forRoot({ account, isGlobal: true }),
        LaafficOutboxModule.forRoot({ database: database.url, schema: account ?? 'orders', account }),
      ]),
      OutboxTestingModule.forRoot({ account: 'marketing' }),
    ],
  }).compile();
  app.useLogger(false);
  await app.init();
  const tester = app.get<OutboxTester>(getOutboxTesterToken('marketing'));
  const marketing = app.get<SmsOutbox>(getOutboxToken('marketing'));

  const { id } = await marketing.enqueue({ to: ANNA, content: 'Sale' });
  const { receipt } = await app.get(SmsOutbox).send({ to: BERT, content: 'Your code is 482913' });
  expect(receipt?.accepted.map(({ number }) => number)).toEqual([BERT]);
  expect((await marketing.find(id))?.recipients[0]?.state).toBe('pending');
  expect(await tester.runDue()).toEqual({ ...NOTHING, requests: 1, accepted: 1 });
  app.get<FakeSmsService>(getSmsToken('marketing')).assertSentTo(ANNA);
  await app.close();
});

it('opens the texts of sealed messages for the test, and never prints them', async () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  const { tester, outbox, sms } = await start({ schema: 'sealed', sealKeys: [key], sealed: true });
  await outbox.enqueue({ to: ANNA, content: 'Your code is 482913' });
  await tester.assertEnqueuedTo(ANNA, ({ content, sealed }) => content === 'Your code is 482913' && sealed === true);
  const failure = await tester.assertNothingEnqueued().catch((error: unknown) => error);
  expect(String(failure)).toContain('a sealed text');
  expect(String(failure)).not.toContain('482913');

  await tester.runDue();
  sms.assertSentTo(ANNA, ({ content }) => content === 'Your code is 482913');
  expect((await tester.enqueued()).map(({ content, sealed }) => [content, sealed])).toEqual([[undefined, true]]);
});
