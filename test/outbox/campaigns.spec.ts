import { LaafficSandbox } from 'laaffic-sandbox';
import {
  SmsCampaigns,
  SmsOutbox,
  type CampaignProgress,
  type CampaignRecipient,
  type NewCampaign,
} from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { failureOf } from '../module/account.js';
import { startApp } from './app.js';
import { balanceOf, campaignOf, numbers, progressOf, readAll } from './campaigns.js';
import { startDatabase } from './database.js';
import { Line } from './line.js';
import { until } from '../until.js';

describe('SmsCampaigns', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let sandbox: LaafficSandbox;
  let line: Line;
  let app: Awaited<ReturnType<typeof startApp>>;
  let campaigns: SmsCampaigns;

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start();
    line = await Line.to(sandbox.url);
    const timing = {
      startWithinMs: 4_000,
      timeoutMs: 4_000,
      leaseMs: 8_500,
      lookupIntervalMs: false,
      reportsAfterMs: false,
    } as const;
    app = await startApp(line, { database: database.url, timing, worker: { bulkSlots: 1, pollIntervalMs: 150 } });
    campaigns = app.get(SmsCampaigns);
  });

  beforeEach(() => {
    line.release();
    sandbox.reset();
  });

  afterAll(async () => {
    line.release();
    await app.close();
    await line.cut();
    await sandbox.close();
    await database.close();
  });

  const create = (more: Partial<NewCampaign> = {}) => campaigns.create(campaignOf(more));
  const isDone = (id: string) => until(async () => (await campaigns.find(id))?.state === 'done');
  /** The texts that arrived, in the order of the requests. */
  const sent = () => sandbox.requests.map(({ body }) => (body as { content: string }).content);

  it('sends to each recipient once, and reports it', async () => {
    const { id, isNew } = await create({ recipients: numbers(2_500), sendAt: 'now', senderId: ' ACME ' });
    await isDone(id);
    const received = sandbox.messages.map(({ number }) => number).sort();
    expect({ isNew, received, progress: await campaigns.getProgress(id), campaign: await campaigns.find(id) }).toEqual({
      isNew: true,
      received: [...numbers(2_500)],
      progress: progressOf(id, 'done', { total: 2_500, accepted: 2_500 }),
      campaign: {
        id,
        name: 'a campaign',
        content: 'hello',
        senderId: 'ACME',
        state: 'done',
        priority: 0,
        total: 2_500,
        idempotencyKey: undefined,
        createdAt: expect.any(Date),
        startsAt: expect.any(Date),
        doneAt: expect.any(Date),
      },
    });
  });

  it('keeps a draft until it is started', async () => {
    const { id } = await create({ recipients: numbers(1) });
    const draft = await campaigns.getProgress(id);
    await campaigns.start(id);
    await isDone(id);
    expect(draft).toEqual({
      ...progressOf(id, 'draft', { total: 1, pending: 1 }),
      startedAt: undefined,
      doneAt: undefined,
    });
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 1, accepted: 1 }));
  });

  it('is done at once without recipients, or with invalid ones only', async () => {
    const empty = await create({ recipients: [], sendAt: 'now' });
    const invalid = await create({ recipients: ['x', ''], sendAt: 'now' });
    await isDone(empty.id);
    await isDone(invalid.id);
    expect(await campaigns.getProgress(empty.id)).toEqual(progressOf(empty.id, 'done', {}));
    expect(await campaigns.getProgress(invalid.id)).toEqual(progressOf(invalid.id, 'done', { total: 2, invalid: 2 }));
    expect(sandbox.requests).toHaveLength(0);
  });

  it('counts invalid entries, and sends to the others', async () => {
    const recipients = [
      '+91 8563 21412',
      'secret-text',
      { number: '918563210001', orderId: 'mine' },
      { number: '918563210002', orderId: 'a,b' },
      { number: '918563210003', orderId: 'mine' },
      undefined as unknown as string,
      '918563210001',
    ];
    const { id } = await create({ recipients, sendAt: 'now' });
    await isDone(id);
    const results = await readAll(campaigns.listResults(id));
    const invalid = { state: 'invalid', number: undefined, orderId: '', code: 'LAAFFIC_INVALID_COMMAND' };
    const made = expect.stringMatching(/^[0-9a-f]{8}\./);
    const accepted = { state: 'accepted', msgId: expect.any(String) };
    expect(results).toEqual([
      { ...accepted, position: 0, number: '91856321412', orderId: made },
      { ...invalid, position: 1, reason: expect.stringMatching(/^must be a phone number/), input: 'secret-text' },
      { ...accepted, position: 2, number: '918563210001', orderId: 'mine' },
      {
        ...invalid,
        position: 3,
        orderId: 'a,b',
        reason: expect.stringMatching(/^orderId must be text/),
        input: '9185…002',
      },
      { ...accepted, position: 4, number: '918563210003', orderId: 'mine' },
      { ...invalid, position: 5, reason: expect.stringMatching(/^must be a phone number/) },
      { ...accepted, position: 6, number: '918563210001', orderId: made },
    ]);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 7, accepted: 4, invalid: 3 }));
    expect(await readAll(campaigns.listResults(id, { state: 'invalid' }))).toEqual(
      results.filter(({ state }) => state === 'invalid'),
    );
    expect(await readAll(campaigns.listResults(id, { state: 'rejected' }))).toEqual([]);
    const pool = new Pool({ connectionString: database.url, max: 1 });
    try {
      expect(await balanceOf(pool, campaigns, id)).toEqual({ unbalanced: 0, isWhole: true });
    } finally {
      await pool.end();
    }
  });

  it('keeps the order id, the line and the input of an invalid entry', async () => {
    const recipients: CampaignRecipient[] = [
      { number: 'n/a', orderId: 'order-1', line: 2 },
      { problem: 'has more cells than the first row', orderId: 'order-2', line: 3, input: '+91 8563 21412,x,order-2' },
      { number: '918563210001', orderId: 'order-3', line: 4 },
      { number: '91', line: -1, input: 'a\u001b[2J\0b' },
    ];
    const { id } = await create({ recipients });
    const invalid = { state: 'invalid', number: undefined, code: 'LAAFFIC_INVALID_COMMAND' };
    const reason = 'number must be a phone number with country code: it';
    expect(await readAll(campaigns.listResults(id))).toEqual([
      {
        ...invalid,
        position: 0,
        orderId: 'order-1',
        line: 2,
        reason: `${reason} contains “n”, which is not part of a number`,
        input: 'n/a',
      },
      {
        ...invalid,
        ...{ position: 1, orderId: 'order-2', line: 3, reason: 'has more cells than the first row' },
        input: '+91 85… …12,x,order-2',
      },
      { position: 2, number: '918563210001', orderId: 'order-3', state: 'pending' },
      {
        ...invalid,
        position: 3,
        orderId: '',
        reason: `${reason} has 2 digits, and numbers have 7 to 15`,
        input: 'a\ufffd[2J\ufffdb',
      },
    ]);
  });

  it('sends to each of 2,500 recipients with one order id, and the results contain it', async () => {
    const { id } = await create({
      recipients: Array.from(numbers(2_500), (number) => ({ number, orderId: 'N/A' })),
      sendAt: 'now',
    });
    await isDone(id);
    const results = await readAll(campaigns.listResults(id, { state: 'accepted' }));
    expect(results.map(({ number, orderId }) => [number, orderId])).toEqual(
      Array.from(numbers(2_500), (number) => [number, 'N/A']),
    );
    // Each request contains it once.
    const ids = sandbox.messages.map(({ orderId }) => orderId);
    expect(ids.length).toBe(2_500);
    expect(ids.filter((one) => one === 'N/A')).toHaveLength(3);
    expect(new Set(ids).size).toBe(2_498);
  });

  it('rejects duplicates on request', async () => {
    const recipients = [...numbers(1_500), ...numbers(2)];
    const { id } = await create({ recipients, duplicates: 'reject', sendAt: 'now' });
    await isDone(id);
    expect(await campaigns.getProgress(id)).toEqual(
      progressOf(id, 'done', { total: 1_502, accepted: 1_500, invalid: 2 }),
    );
    expect(await readAll(campaigns.listResults(id, { state: 'invalid' }))).toEqual(
      [1_500, 1_501].map((position) => ({
        position,
        number: undefined,
        orderId: '',
        state: 'invalid',
        code: 'LAAFFIC_DUPLICATE_RECIPIENT',
        reason: 'the number occurred before',
        input: `9185…${position === 1_500 ? '000' : '001'}`,
      })),
    );
  });

  it('names every wrong field in one error', async () => {
    const wrong = { name: ' ', content: '', senderId: 'x'.repeat(33), recipients: '918563210001', idempotencyKey: '' };
    const more = { sendAt: new Date(NaN), priority: 0.5, duplicates: 'drop' };
    const error = await failureOf(campaigns.create({ ...wrong, ...more } as unknown as NewCampaign));
    expect((error as { issues: { field: string }[] }).issues.map(({ field }) => field)).toEqual([
      'name',
      'content',
      'senderId',
      'recipients',
      'idempotencyKey',
      'sendAt',
      'priority',
      'duplicates',
    ]);
  });

  it.each([-8.64e15, Date.parse('0000-12-31T23:59:59.999Z'), Date.parse('+010000-01-01T00:00:00Z'), 8.64e15])(
    'rejects the time %d, which the database cannot store, and so does a message',
    async (time) => {
      const at = new Date(time);
      const outbox = app.get(SmsOutbox);
      const message = { to: '918563210001', content: 'x' };
      const calls = [
        create({ recipients: numbers(1), sendAt: at }),
        outbox.enqueue(message, { sendAt: at }),
        outbox.enqueue(message, { sendBefore: at }),
      ];
      const errors = (await Promise.all(calls.map((call) => failureOf(call)))) as { issues: unknown }[];
      expect(errors.map(({ issues }) => issues)).toEqual(
        ['sendAt', 'sendAt', 'sendBefore'].map((field) => [{ field, problem: 'must be in the years 1 to 9999' }]),
      );
    },
  );

  it('starts campaigns at their time, the one with the higher priority first', async () => {
    const sendAt = new Date(Date.now() + 2_000);
    const low = await create({ recipients: numbers(2_000), content: 'low', sendAt });
    const high = await create({ recipients: numbers(2_000), content: 'high', sendAt, priority: 1 });
    const before = await campaigns.getProgress(low.id);
    await isDone(low.id);
    await isDone(high.id);
    const begun = sandbox.requests.map(({ at }) => at >= sendAt.getTime());
    expect(before).toEqual({
      ...progressOf(low.id, 'scheduled', { total: 2_000, pending: 2_000 }),
      startedAt: undefined,
      doneAt: undefined,
    });
    expect(sent()).toEqual(['high', 'high', 'low', 'low']);
    expect(begun).toEqual([true, true, true, true]);
  });

  it('sends nothing more once paused, and continues where it stopped', async () => {
    line.hold();
    const { id } = await create({ recipients: numbers(3_000), content: 'paused', sendAt: 'now' });
    await until(() => sandbox.requests.length === 1);
    await campaigns.pause(id, 'a person');
    line.release();
    await until(async () => (await campaigns.getProgress(id)).sending === 0);
    const paused = await campaigns.getProgress(id);
    // The lane works, but skips the campaign.
    const other = await create({ recipients: numbers(3_000), content: 'other', sendAt: 'now', priority: -1 });
    await isDone(other.id);
    const meanwhile = sent();
    await campaigns.resume(id);
    await isDone(id);
    expect(paused).toEqual({
      ...progressOf(id, 'paused', { total: 3_000, accepted: 1_000, pending: 2_000 }),
      doneAt: undefined,
    });
    expect(meanwhile).toEqual(['paused', 'other', 'other', 'other']);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 3_000, accepted: 3_000 }));
    expect(sandbox.messages.length).toBe(6_000);
  });

  it('never sends a cancelled campaign, even if a chunk comes back unsent', async () => {
    sandbox.script({ status: -15 });
    line.hold();
    const { id } = await create({ recipients: ['x', ...numbers(2_999)], sendAt: 'now' });
    await until(() => sandbox.requests.length === 1);
    await campaigns.cancel(id, 'a person');
    const atOnce = await campaigns.getProgress(id);
    line.release();
    const watched = await readAll(campaigns.watch(id, { intervalMs: 20 }));
    await until(async () => (await campaigns.find(id))?.doneAt !== undefined);
    const states = (await readAll(campaigns.listResults(id))).map(({ state }) => state);
    const end = progressOf(id, 'cancelled', { total: 3_000, invalid: 1, cancelled: 2_999 });
    expect(atOnce).toEqual({
      ...progressOf(id, 'cancelled', { total: 3_000, invalid: 1, sending: 999, cancelled: 2_000 }),
      doneAt: undefined,
    });
    expect(watched.at(-1)).toEqual({ ...end, doneAt: watched.at(-1)?.doneAt });
    expect(await campaigns.getProgress(id)).toEqual(end);
    expect(new Set(states.slice(1))).toEqual(new Set(['cancelled']));
    expect(sandbox.requests).toHaveLength(1);
    await expect(campaigns.cancel(id)).rejects.toMatchObject({ code: 'OUTBOX_WRONG_STATE' });
  });

  it('names the state that forbids a step, and reports a missing campaign', async () => {
    const { id } = await create({ recipients: numbers(1) });
    await expect(campaigns.pause(id)).rejects.toMatchObject({
      code: 'OUTBOX_WRONG_STATE',
      message: 'The campaign cannot be paused: it is draft',
    });
    await expect(campaigns.resume(id)).rejects.toMatchObject({ code: 'OUTBOX_WRONG_STATE' });
    await expect(campaigns.retryRejected(id, { actor: 'x' })).rejects.toMatchObject({ code: 'OUTBOX_WRONG_STATE' });
    for (const unknown of ['999999999', 'x', '99999999999999999999']) {
      await expect(campaigns.start(unknown)).rejects.toMatchObject({ code: 'OUTBOX_NOT_FOUND' });
      await expect(campaigns.getProgress(unknown)).rejects.toMatchObject({ code: 'OUTBOX_NOT_FOUND' });
      await expect(readAll(campaigns.listResults(unknown))).rejects.toMatchObject({ code: 'OUTBOX_NOT_FOUND' });
      expect(await campaigns.find(unknown)).toBeUndefined();
    }
  });

  it('lists the newest campaigns first, page by page', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.unshift((await create({ name, recipients: [] })).id);
    const first = await campaigns.list({ state: 'draft', limit: 2 });
    const rest = await campaigns.list({ state: 'draft', limit: 1, before: first.at(-1)!.id });
    expect([...first, ...rest].map(({ id, name }) => [id, name])).toEqual([
      [ids[0], 'c'],
      [ids[1], 'b'],
      [ids[2], 'a'],
    ]);
  });

  it('lets callers watch until it is done', async () => {
    line.hold();
    const { id } = await create({ recipients: numbers(2_000), sendAt: 'now' });
    const seen: CampaignProgress[] = [];
    const watching = (async () => {
      for await (const progress of campaigns.watch(id, { intervalMs: 10 })) seen.push(progress);
    })();
    // The first response arrives, and the second once the first was seen.
    await until(() => {
      if (sandbox.requests.length === 2) return true;
      line.release();
      line.hold();
      return false;
    });
    await until(() => seen.at(-1)?.accepted === 1_000);
    line.release();
    await watching;
    const accepted = seen.map((progress) => progress.accepted);
    expect(accepted).toEqual([...accepted].sort((a, b) => a - b));
    expect(seen.at(-1)).toEqual(progressOf(id, 'done', { total: 2_000, accepted: 2_000 }));
    const ended = new AbortController();
    const draft = await create({ recipients: numbers(1) });
    const watch = campaigns.watch(draft.id, { signal: ended.signal });
    await watch.next();
    const last = watch.next();
    ended.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('returns the results of a large campaign in order, from any position', async () => {
    const { id } = await create({ recipients: numbers(100_000) });
    let expected = 0;
    for await (const { position, number, state } of campaigns.listResults(id)) {
      if (position !== expected++ || number !== String(918_500_000_000 + position) || state !== 'pending') break;
    }
    const tail = await readAll(campaigns.listResults(id, { after: 99_997 }));
    const none = await readAll(campaigns.listResults(id, { state: 'held' }));
    expect(expected).toBe(100_000);
    expect(tail.map(({ position }) => position)).toEqual([99_998, 99_999]);
    expect(none).toEqual([]);
  });

  it('resends to rejected recipients, but never to invalid ones', async () => {
    const recipients = ['x', ...numbers(9), '9990000009'];
    sandbox.configure({ rejectionRules: [{ number: '918500000003', status: -9 }] });
    const { id } = await create({ recipients, sendAt: 'now' });
    await isDone(id);
    const first = await campaigns.getProgress(id);
    sandbox.configure({ rejectionRules: [] });
    const count = await campaigns.retryRejected(id, { actor: 'a person' });
    await until(async () => (await campaigns.getProgress(id)).accepted === 9);
    await isDone(id);
    const results = await readAll(campaigns.listResults(id));
    expect(first).toEqual(progressOf(id, 'done', { total: 11, accepted: 8, rejected: 2, invalid: 1 }));
    expect(count).toBe(2);
    expect(await campaigns.getProgress(id)).toEqual(
      progressOf(id, 'done', { total: 11, accepted: 9, rejected: 1, invalid: 1 }),
    );
    expect(results.map(({ state }) => state)).toEqual([
      'invalid',
      ...Array.from({ length: 9 }, () => 'accepted'),
      'rejected',
    ]);
    await expect(campaigns.retryRejected(id, { actor: '' })).rejects.toMatchObject({ issues: [{ field: 'actor' }] });
  });

  it('resends a whole rejected request', async () => {
    sandbox.script({ status: -3 });
    const { id } = await create({ recipients: ['x', ...numbers(3)], sendAt: 'now' });
    await isDone(id);
    const rejected = await campaigns.getProgress(id);
    const count = await campaigns.retryRejected(id, { actor: 'a person' });
    const again = await campaigns.retryRejected(id, { actor: 'a person' });
    await isDone(id);
    expect(rejected).toEqual(progressOf(id, 'done', { total: 4, rejected: 3, invalid: 1 }));
    expect(count).toBe(3);
    expect(again).toBe(0);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 4, accepted: 3, invalid: 1 }));
  });

  it('lets single messages go first', async () => {
    line.hold();
    const { id } = await create({ recipients: numbers(3_000), content: 'bulk', sendAt: 'now' });
    await until(() => sandbox.requests.length === 1);
    await app.get(SmsOutbox).enqueue({ to: '918563210001', content: 'code' });
    await until(() => sandbox.requests.length === 2);
    const before = sent();
    line.release();
    await isDone(id);
    expect(before).toEqual(['bulk', 'code']);
  });
});
