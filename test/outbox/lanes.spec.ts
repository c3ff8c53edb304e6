import type { LaafficInputException, SendSms } from 'nestjs-laaffic';
import type { EnqueueOptions, SmsOutbox } from 'nestjs-laaffic-outbox';
import { ProcessClock } from '../../libs/laaffic-outbox/src/runtime/clock.js';
import { failureOf } from '../module/account.js';
import { inTransaction } from './in-transaction.js';
import type { Line } from './line.js';
import { numbers, Stage } from './stage.js';
import { until } from '../until.js';

const COMMAND = { to: '918563210001', content: 'hello' };

describe('a message', () => {
  let stage: Stage;
  let outbox: SmsOutbox;
  /** Another process, which sends nothing itself. */
  let web: SmsOutbox;
  let line: Line;

  beforeAll(async () => {
    stage = await Stage.set();
    line = await stage.lineToGateway();
    ({ outbox } = await stage.app(
      { worker: { pollIntervalMs: 150, prioritySlots: 2, bulkSlots: 1 } },
      { url: line.url },
    ));
    ({ outbox: web } = await stage.app({ worker: false }));
  });
  beforeEach(() => {
    line.release();
    return stage.clear();
  });
  afterAll(() => stage.close());

  const states = async (id: string) => (await outbox.find(id))?.recipients.map(({ state }) => state);
  const becomes = (id: string, state: string) =>
    until(
      () => states(id),
      (seen) => seen?.every((one) => one === state) === true,
    );
  const inMs = (ms: number) => new Date(Date.now() + ms);
  /** Holds all sending until it is lifted. */
  const hold = () => stage.query(`update account set backoff_until = clock_timestamp() + interval '1 hour'`);
  const lift = () => stage.query(`update account set backoff_until = null`);
  const contents = () => stage.sandbox.messages.map(({ content }) => content);

  it('of the priority lane does not wait for the bulk lane, and each lane keeps its order', async () => {
    await hold();
    for (let i = 0; i < 6; i++) await outbox.enqueue({ ...COMMAND, content: `b${i}` }, { lane: 'bulk' });
    const first = await outbox.enqueue({ ...COMMAND, content: 'p' });
    line.hold();
    await lift();
    // By then no response of the bulk lane has arrived.
    await until(contents, (sent) => sent.includes('p'));
    line.release();
    await until(contents, (sent) => sent.length === 7);
    expect(contents().indexOf('p')).toBeLessThanOrEqual(1);
    expect(contents().filter((content) => content !== 'p')).toEqual(['b0', 'b1', 'b2', 'b3', 'b4', 'b5']);
    expect(await becomes(first.id, 'accepted')).toEqual(['accepted']);
  });

  describe('to a single recipient, beside lists of the same lane,', () => {
    const claim = async (lane: string, limit: number, recipients: number | null) => {
      const rows = await stage.query<{ chunk_id: string | null; chunk_size: number; wait_ms: number | null }>(
        `select * from claim_chunks('4luaKsL2', 'test', $1::lane, $2, $3, null, 0.06, 0.2, 1000, 10000)`,
        [lane, limit, recipients],
        'turns',
      );
      return rows.filter(({ chunk_id }) => chunk_id !== null).map(({ chunk_size }) => chunk_size);
    };
    let idle: SmsOutbox;

    beforeAll(async () => {
      ({ outbox: idle } = await stage.app({ schema: 'turns', worker: false }));
    });
    beforeEach(async () => {
      await stage.query('truncate chunk cascade', [], 'turns');
      await stage.query(
        `with gone as (delete from rate_grant) update account set list_turn_at = '-infinity'`,
        [],
        'turns',
      );
    });
    const enqueue = (lane: 'priority' | 'bulk', ...sizes: number[]) =>
      sizes.reduce<Promise<unknown>>(
        (before, size) => before.then(() => idle.enqueue({ to: numbers(size), content: 'x' }, { lane })),
        Promise.resolve(),
      );

    it.each(['priority', 'bulk'] as const)('waits for at most one list in the lane %s', async (lane) => {
      await enqueue(lane, 300, 300, 300, 1);
      expect([await claim(lane, 1, null), await claim(lane, 1, null), await claim(lane, 3, null)]).toEqual([
        ...[[300], [1]],
        [300, 300],
      ]);
    });

    it('is not delayed by the chunks that a rate splits lists into', async () => {
      await enqueue('priority', 1_000, 1_000, 1);
      const sizes: number[] = [];
      while (!sizes.includes(1)) sizes.push(...(await claim('priority', 1, 450)));
      expect(sizes).toEqual([27, 1]);
    });

    it('goes ahead, but one list a second always gets through', async () => {
      await enqueue('priority', 1, 1, 1, 50, 50, 1);
      expect(await claim('priority', 3, null)).toEqual([50, 1, 1]);
      expect(await claim('priority', 1, null)).toEqual([1]);
      await stage.query(`update account set list_turn_at = list_turn_at - interval '1 second'`, [], 'turns');
      expect(await claim('priority', 2, null)).toEqual([50, 1]);
      expect(await claim('priority', 2, null)).toEqual([]);
    });

    it('reaches the gateway although another caller has filled the lane with lists', async () => {
      const rated = await stage.app({ schema: 'turns_sent', rate: { recipientsPerSecond: 2_000 } });
      await Promise.all(
        Array.from({ length: 20 }, () => rated.outbox.enqueue({ to: numbers(1_000), content: 'list' })),
      );
      await until(
        () => stage.sandbox.requests.length,
        (count) => count > 0,
      );
      const { receipt } = await rated.outbox.send({ ...COMMAND, content: 'code' });
      expect(receipt?.accepted).toHaveLength(1);
      const left = await stage.query<{ n: number }>(
        `select sum(size)::int as n from chunk where state = 'pending'`,
        [],
        'turns_sent',
      );
      // Long before the lists are through.
      expect(left[0]?.n).toBeGreaterThan(10_000);
      await stage.stop(rated.app);
    });
  });

  it('is not sent before its time', async () => {
    const sendAt = inMs(300);
    const { id } = await outbox.enqueue(COMMAND, { sendAt });
    await becomes(id, 'accepted');
    expect(stage.sandbox.requests[0]?.at).toBeGreaterThanOrEqual(sendAt.getTime());
    expect((await outbox.find(id))?.dueAt).toEqual(sendAt);
  });

  it.each(['priority', 'bulk'] as const)('of the lane %s is rejected when it has expired', async (lane) => {
    await hold();
    const { id } = await outbox.enqueue({ ...COMMAND, to: numbers(3) }, { lane, sendBefore: inMs(50) });
    await becomes(id, 'rejected');
    await lift();
    expect((await outbox.find(id))?.recipients.map(({ code, reason }) => [code, reason])).toEqual(
      numbers(3).map(() => ['OUTBOX_EXPIRED', 'not sent before sendBefore']),
    );
    expect(await stage.events(id)).toEqual(['pending', 'rejected OUTBOX_EXPIRED']);
    const other = await outbox.send(COMMAND, { sendBefore: inMs(60_000) });
    expect(other.receipt?.accepted).toHaveLength(1);
    expect(stage.sandbox.requests).toHaveLength(1);
  });

  it('that has expired already is rejected, and its sender gets the rejection', async () => {
    const { receipt } = await outbox.send(COMMAND, { sendBefore: inMs(-1_000) });
    expect(receipt).toEqual({
      ...{ accepted: [], unknown: [] },
      rejected: [expect.objectContaining({ number: COMMAND.to, code: 'OUTBOX_EXPIRED' })],
    });
    expect(stage.sandbox.requests).toEqual([]);
  });

  it('is cancelled while it is pending, and only once', async () => {
    await hold();
    const waiting = outbox.send(COMMAND, { idempotencyKey: 'cancelled' });
    const { id } = await until(
      () => stage.query<{ id: string }>('select id::text as id from chunk'),
      (rows) => rows.length === 1,
    ).then(([row]) => row!);
    expect(await web.cancel(id, 'a person')).toBe(true);
    expect(await web.cancel(id)).toBe(false);
    await lift();
    const { receipt } = await waiting;
    expect(receipt?.rejected.map(({ code }) => code)).toEqual(['OUTBOX_CANCELLED']);
    expect(await states(id)).toEqual(['cancelled']);
    const [row] = await stage.query<{ actor: string }>(`select actor from history where event = 'cancelled'`);
    expect(row?.actor).toBe('a person');
    const sent = await outbox.send(COMMAND);
    expect(await outbox.cancel(sent.id)).toBe(false);
    expect(stage.sandbox.requests).toHaveLength(1);
  });

  it.each(['', '0', '-1', 'x', '1.5', '9'.repeat(19), '9223372036854775807', `1' or '1`])(
    'with the id %j does not exist',
    async (id) => {
      expect(await outbox.find(id)).toBeUndefined();
      expect(await outbox.cancel(id)).toBe(false);
      expect(await outbox.findByOrderId(id)).toBeUndefined();
    },
  );

  it('with one key for 20 calls at once, in two processes, is stored once', async () => {
    const calls = Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? outbox : web).send(COMMAND, { idempotencyKey: 'order-1' }),
    );
    const sent = await Promise.all(calls);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent.filter(({ isNew }) => isNew)).toHaveLength(1);
    const [first] = sent;
    expect(first?.receipt?.accepted).toHaveLength(1);
    expect(sent.map(({ receipt }) => receipt)).toEqual(sent.map(() => first?.receipt));
    expect(stage.sandbox.messages).toHaveLength(1);
  });

  it.each<[string, EnqueueOptions]>([
    ['another sendAt', { sendAt: new Date('2099-01-01T00:00:01Z') }],
    ['no sendAt', { sendAt: undefined }],
    ['another sendBefore', { sendBefore: new Date('2099-01-02T00:00:01Z') }],
    ['no sendBefore', { sendBefore: undefined }],
    ['another lane', { lane: 'bulk' }],
  ])('with a used key and %s is rejected', async (_, other) => {
    const options = {
      idempotencyKey: 'asked',
      sendAt: new Date('2099-01-01T00:00:00Z'),
      sendBefore: new Date('2099-01-02T00:00:00Z'),
    };
    const first = await outbox.enqueue(COMMAND, options);
    expect(await failureOf(outbox.enqueue(COMMAND, { ...options, ...other }))).toMatchObject({
      code: 'OUTBOX_KEY_REUSED',
      outcome: 'rejected',
    });
    expect(await web.enqueue(COMMAND, { ...options, lane: 'priority' })).toEqual({ id: first.id, isNew: false });
    expect(await web.send(COMMAND, { ...options, timeoutMs: 0 })).toMatchObject({ id: first.id, receipt: undefined });
  });

  describe('with a time in the past', () => {
    const over = [{ field: 'sendAt', problem: 'is more than 5 minutes in the past: give a later time' }];
    const MINUTE = 60_000;

    it('is sent now if it is just past, because clocks differ', async () => {
      const { id } = await outbox.enqueue(COMMAND, { sendAt: inMs(-4 * MINUTE) });
      await becomes(id, 'accepted');
      // It has not waited for those minutes; otherwise alarms would ring.
      const [row] = await stage.query(`select due_at >= created_at - interval '1 second' as now from chunk`);
      expect(row).toEqual({ now: true });
    });

    it.each([[{}], [{ idempotencyKey: 'late' }]])('is rejected if it is long past, with %j', async (key) => {
      const sendAt = inMs(-6 * MINUTE);
      expect(await failureOf(outbox.enqueue(COMMAND, { sendAt, ...key }))).toMatchObject({ issues: over });
      expect(await stage.query('select from chunk')).toEqual([]);
    });

    it('is returned if it was enqueued in time with the same key', async () => {
      const key = { idempotencyKey: 'in time', sendAt: inMs(100) };
      const first = await outbox.enqueue(COMMAND, key);
      await becomes(first.id, 'accepted');
      const clock = jest.spyOn(ProcessClock.prototype, 'wall').mockImplementation(() => Date.now() + 60 * MINUTE);
      try {
        expect(await outbox.enqueue(COMMAND, key)).toEqual({ id: first.id, isNew: false });
        expect(await outbox.send(COMMAND, key)).toMatchObject({ id: first.id, receipt: { accepted: [{}] } });
        const other = outbox.enqueue({ ...COMMAND, content: 'another' }, key);
        expect(await failureOf(other)).toMatchObject({ code: 'OUTBOX_KEY_REUSED' });
      } finally {
        clock.mockRestore();
      }
    });
  });

  it('to 1,000 recipients is one request, with a result for each recipient', async () => {
    const to = numbers(1_000);
    const { id, receipt } = await outbox.send({ to, content: 'hello' }, { lane: 'bulk' });
    expect(receipt?.accepted.map(({ number }) => number)).toEqual(to);
    expect(stage.sandbox.requests).toHaveLength(1);
    expect(receipt?.accepted.map(({ msgId }) => msgId)).toEqual(stage.sandbox.messages.map(({ msgId }) => msgId));
    expect((await outbox.findByOrderId(receipt?.accepted[999]?.orderId ?? ''))?.id).toBe(id);
  });

  it.each([
    ['that this outbox made', (made: string) => made],
    ['that another outbox made', (made: string) => made.replace(/^.{8}/, '0123abcd')],
  ])('with an order id %s is rejected', async (_, given) => {
    const { receipt } = await outbox.send(COMMAND);
    const orderId = given(receipt!.accepted[0]!.orderId);
    const problem = 'must be your own: an outbox made this one for another message, so leave it out';
    const issuesOf = async (to: SendSms['to']) =>
      ((await failureOf(outbox.enqueue({ to, content: 'x' }))) as LaafficInputException).issues;
    expect(await issuesOf({ number: '918563210001', orderId })).toEqual([{ field: 'to.orderId', problem }]);
    expect(await issuesOf(['918563210002', { number: '918563210001', orderId }])).toEqual([
      { field: 'to[1].orderId', problem },
    ]);
    expect(stage.sandbox.messages).toHaveLength(1);
  });

  it('carries order ids of the caller beside generated ones, and the same again in another message', async () => {
    const to = [
      { number: '918563210001', orderId: 'own-1' },
      '918563210002',
      { number: '918563210003', orderId: 'own-3' },
    ];
    const first = await outbox.send({ to, content: 'hello' });
    expect(first.receipt?.accepted.map(({ orderId }) => orderId)).toEqual([
      'own-1',
      expect.stringMatching(/\.1$/),
      'own-3',
    ]);
    const second = await outbox.send({ to: [{ number: '918563210009', orderId: 'own-1' }], content: 'hello' });
    expect(second.receipt?.accepted.map(({ orderId }) => orderId)).toEqual(['own-1']);
    expect((await outbox.findByOrderId('own-3'))?.id).toBe(first.id);
    expect(await outbox.findByOrderId('own-2')).toBeUndefined();
  });

  const input = 'LAAFFIC_INVALID_COMMAND';
  it.each<[name: string, command: unknown, options: unknown, fields: string[]]>([
    ['nothing', undefined, {}, ['to', 'content']],
    ['no recipient', { ...COMMAND, to: [] }, {}, ['to']],
    ['1,001 recipients', { ...COMMAND, to: numbers(1_001) }, {}, ['to']],
    ['no number', { ...COMMAND, to: ['918563210001', 'x'] }, {}, ['to[1]']],
    [
      'a repeated order id',
      { ...COMMAND, to: [0, 1].map(() => ({ number: COMMAND.to, orderId: 'a' })) },
      {},
      ['to[1].orderId'],
    ],
    ['an order id with a comma', { ...COMMAND, to: { number: COMMAND.to, orderId: 'a,b' } }, {}, ['to.orderId']],
    ['no content', { to: COMMAND.to }, {}, ['content']],
    ['an empty content', { ...COMMAND, content: '' }, {}, ['content']],
    ['a huge content', { ...COMMAND, content: 'x'.repeat(10_000_000) }, {}, ['content']],
    ['half a character', { ...COMMAND, content: 'x\ud800' }, {}, ['content']],
    ['a content with NUL', { ...COMMAND, content: 'a\0b' }, {}, ['content']],
    ['a sender ID with NUL', { ...COMMAND, senderId: 'a\0b' }, {}, ['senderId']],
    ['a sender ID of half a character', { ...COMMAND, senderId: 'a\ud800' }, {}, ['senderId']],
    ['a long sender ID', { ...COMMAND, senderId: 'x'.repeat(33) }, {}, ['senderId']],
    ['an empty key', COMMAND, { idempotencyKey: '' }, ['idempotencyKey']],
    ['a key with NUL', COMMAND, { idempotencyKey: 'a\0' }, ['idempotencyKey']],
    ['a huge key', COMMAND, { idempotencyKey: 'x'.repeat(256) }, ['idempotencyKey']],
    ['no date', COMMAND, { sendAt: '2026-01-01', sendBefore: new Date(NaN) }, ['sendAt', 'sendBefore']],
    [
      'dates beyond the calendar',
      COMMAND,
      { sendAt: new Date(8.64e15), sendBefore: new Date(-8.64e15) },
      ['sendAt', 'sendBefore'],
    ],
    ['an unknown lane', COMMAND, { lane: 'fast' }, ['lane']],
    [
      'everything wrong',
      { to: 'x', content: 1 },
      { lane: 'x', idempotencyKey: 1 },
      ['to', 'content', 'idempotencyKey', 'lane'],
    ],
  ])('with %s is rejected field by field, and nothing is stored', async (_, command, options, fields) => {
    const call = outbox.enqueue(command as typeof COMMAND, options as EnqueueOptions);
    const error = await call.then(
      () => undefined,
      (reason: unknown) => reason as LaafficInputException,
    );
    expect(error).toMatchObject({ code: input, outcome: 'rejected' });
    expect(error?.issues.map(({ field }) => field)).toEqual(fields);
    expect(await stage.query('select from chunk')).toEqual([]);
  });

  it.each([NaN, -1, 'x'])('cannot be waited for during %p milliseconds', async (timeout) => {
    await expect(outbox.send(COMMAND, { timeoutMs: timeout as number })).rejects.toMatchObject({ code: input });
    expect(await stage.query('select from chunk')).toEqual([]);
  });

  it('can be waited for in a process that does not send', async () => {
    const { receipt } = await web.send({ ...COMMAND, to: numbers(2) });
    expect(receipt?.accepted.map(({ number }) => number)).toEqual(numbers(2));
  });

  it('stays in the outbox when its sender stops waiting', async () => {
    await hold();
    const late = await web.send(COMMAND, { timeoutMs: 50 });
    const abort = new AbortController();
    const waiting = web.send({ ...COMMAND, to: numbers(1) }, { signal: abort.signal });
    await until(
      () => stage.query('select from chunk'),
      (rows) => rows.length === 2,
    );
    abort.abort();
    const aborted = await waiting;
    expect([late, aborted]).toEqual([late, aborted].map(({ id }) => ({ id, isNew: true, receipt: undefined })));
    expect(await states(late.id)).toEqual(['pending']);
    expect(await states(aborted.id)).toEqual(['pending']);
    await lift();
    await becomes(late.id, 'accepted');
    await becomes(aborted.id, 'accepted');
    expect(stage.sandbox.messages).toHaveLength(2);
  });

  it('with an unknown outcome is reported as unknown, and found with its reason', async () => {
    stage.sandbox.script({ fault: 'cut-after-accepting' });
    const { id, receipt } = await web.send(COMMAND);
    const { number } = { number: COMMAND.to };
    expect(receipt).toEqual({
      ...{ accepted: [], rejected: [] },
      unknown: [{ number, orderId: expect.any(String), code: 'LAAFFIC_CONNECTION_LOST', reason: expect.any(String) }],
    });
    await becomes(id, 'held');
    expect((await outbox.find(id))?.recipients[0]?.code).toBe('LAAFFIC_CONNECTION_LOST');
  });
});

describe('a message of a transaction that commits after a later message was claimed', () => {
  let stage: Stage;
  let outbox: SmsOutbox;

  beforeAll(async () => {
    stage = await Stage.set();
    // The interval between polls is longer than any test.
    ({ outbox } = await stage.app({ worker: { pollIntervalMs: 600_000 } }));
  });
  afterAll(() => stage.close());

  it.each([
    ['soon', '0 s'],
    ['long', '10 s'],
  ])('is sent without a poll, if it commits %s after', async (_, age) => {
    const late = await inTransaction(stage.pool, async (client) => {
      const enqueued = await outbox.enqueue({ ...COMMAND, content: 'late' }, { transaction: client });
      await client.query('update laaffic_outbox.chunk set due_at = due_at - $1::interval where id = $2', [
        age,
        enqueued.id,
      ]);
      await outbox.send({ ...COMMAND, content: 'early' });
      return enqueued;
    });
    const sent = await until(
      () => outbox.find(late.id),
      (found) => found?.recipients[0]?.state === 'accepted',
    );
    expect(sent?.recipients).toHaveLength(1);
  });

  it('is sent before the later messages of a busy lane are', async () => {
    const worker = { prioritySlots: 1, pollIntervalMs: 600_000 };
    const { outbox: busy } = await stage.app({ schema: 'busy', worker });
    const BACKLOG = 1_000;
    const backlog = numbers(BACKLOG, 100).map((to) => ({ to, content: 'of the backlog' }));
    const sent = (content: string) => stage.sandbox.messages.filter((message) => message.content === content).length;
    await inTransaction(stage.pool, async (client) => {
      await busy.enqueue({ ...COMMAND, content: 'committed late' }, { transaction: client });
      await busy.enqueueMany(backlog, { lane: 'priority' });
      await until(
        () => sent('of the backlog'),
        (count) => count >= 20,
      );
    });
    await until(() => sent('committed late') === 1);
    expect(sent('of the backlog')).toBeLessThan(BACKLOG);
  });
});

describe('after the grace period', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  it.each([
    ['hold', 'held', 1],
    ['abandon', 'abandoned', 1],
    ['resend', 'accepted', 2],
  ] as const)('the policy %s makes whole and single unknown recipients %s', async (policy, state, requests) => {
    const { outbox } = await stage.app({ schema: policy, onUnconfirmed: { priority: policy, bulk: 'hold' } });
    stage.sandbox.reset();
    stage.sandbox.script({ fault: 'cut-before-reading' });
    const whole = await outbox.send({ to: numbers(2), content: 'whole' });
    stage.sandbox.script({ fault: 'missing-items', count: 1 });
    const single = await outbox.send({ to: numbers(3), content: 'single' });
    const states = async (id: string) => (await outbox.find(id))?.recipients.map((one) => one.state);
    const expected = [
      [state, state],
      ['accepted', 'accepted', state],
    ];
    await until(
      async () => [await states(whole.id), await states(single.id)],
      (seen) => JSON.stringify(seen) === JSON.stringify(expected),
    );
    expect(stage.sandbox.requests).toHaveLength(2 * requests);
  });

  it('an abandoned message is not sent again, even if the policy changes to resend', async () => {
    const first = await stage.app({ schema: 'decided' });
    stage.sandbox.reset();
    stage.sandbox.script({ fault: 'cut-after-accepting' });
    const { id } = await first.outbox.send({ to: numbers(2), content: 'x' });
    await until(
      () => first.outbox.find(id),
      (found) => found?.recipients.every(({ state }) => state === 'held') === true,
    );
    expect(await first.outbox.resolveHeld(id, 'abandon', { actor: 'a person' })).toBe(2);
    await stage.stop(first.app);
    const { outbox } = await stage.app({ schema: 'decided', onUnconfirmed: { priority: 'resend' } });
    await stage.query(`update chunk set changed_at = changed_at - interval '1 hour'`, [], 'decided');
    stage.sandbox.script({ fault: 'cut-before-reading' });
    const other = await outbox.send({ to: numbers(1, 5), content: 'y' });
    await until(
      () => outbox.find(other.id),
      (found) => found?.recipients[0]?.state === 'accepted',
    );
    expect((await outbox.find(id))?.recipients.map(({ state }) => state)).toEqual(['abandoned', 'abandoned']);
    expect(stage.sandbox.messages.filter(({ content }) => content === 'x')).toHaveLength(2);
  });
});
