import { SmsCampaigns, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { takesTurn } from '../../libs/laaffic-outbox/src/store/turn.js';
import { until } from '../until.js';
import { numbers, SHORT, Stage } from './stage.js';

/** Everything that belongs to a message or a campaign. */
const TABLES = ['chunk', 'recipient', 'pending_result', 'caller_order_id', 'invalid_entry', 'event', 'history'];
const OF_CAMPAIGNS = ['campaign', 'campaign_count', 'count_delta'];
const DAY = 24 * 60 * 60_000;

describe('deletion', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterEach(async () => {
    await stage.stop();
    await stage.clear();
  });
  afterAll(() => stage.close());

  const worker = (options: Partial<LaafficOutboxOptions> = {}) =>
    stage.app({ timing: { ...SHORT, gracePeriodMs: 300 }, ...options });
  /** Redacts and deletes what ended more than three days ago. */
  const deleting = { retentionMs: DAY, deleteAfterMs: 3 * DAY };

  async function rowsOf(tables: readonly string[]): Promise<Record<string, number>> {
    const counts = tables.map((table) => `(select count(*)::int from ${table}) as ${table}`);
    return (await stage.query<Record<string, number>>(`select ${counts.join()}`))[0]!;
  }

  /** Makes everything, but for some messages, so many days older. */
  const age = async (days: number, except: readonly string[] = []) => {
    await stage.query(
      `update chunk set changed_at = changed_at - $1 * interval '1 day', ended_at = ended_at - $1 * interval '1 day' where id <> all ($2)`,
      [days, except],
    );
    await stage.query(
      `update campaign set changed_at = changed_at - $1 * interval '1 day', done_at = done_at - $1 * interval '1 day'`,
      [days],
    );
    await stage.query(`update history set at = at - $1 * interval '1 day'`, [days]);
    await stage.query(`update idempotency_key set kept_from = kept_from - $1 * interval '1 day'`, [days]);
    await stage.query(`delete from turn`);
  };

  it('leaves nothing of a message or a campaign that ended long ago', async () => {
    const { app, outbox } = await worker();
    await outbox.send({ to: { number: numbers(1)[0]!, orderId: 'mine' }, content: 'x' });
    const campaigns = app.get(SmsCampaigns);
    const recipients = [...numbers(1_500), 'no number'];
    const { id } = await campaigns.create({ name: 'x', content: 'x', recipients, sendAt: 'now' });
    await until(async () => (await campaigns.getProgress(id)).state === 'done');
    await stage.stop();
    const before = await rowsOf([...TABLES, ...OF_CAMPAIGNS]);
    expect([before['chunk'], before['campaign'], before['invalid_entry'], before['caller_order_id']]).toEqual([
      3, 1, 1, 1,
    ]);
    await stage.query(`insert into history (account, event, actor) values ('4luaKsL2', 'resumed', 'test')`);

    await age(4);
    await worker(deleting);
    const after = await until(
      () => rowsOf([...TABLES, ...OF_CAMPAIGNS]),
      (rows) => Object.values(rows).every((count) => count === 0),
    );
    expect(after).toEqual(Object.fromEntries([...TABLES, ...OF_CAMPAIGNS].map((table) => [table, 0])));
  });

  it('keeps what has not ended: held, scheduled and recent messages, and one of which a part is held', async () => {
    const { outbox } = await worker();
    const old = await outbox.send({ to: numbers(1), content: 'x' });
    const recent = await outbox.send({ to: numbers(1), content: 'x' });
    const inParts = await outbox.send({ to: numbers(2), content: 'x' });
    const scheduled = await outbox.enqueue(
      { to: numbers(1), content: 'x' },
      { sendAt: new Date(Date.now() + 10 * DAY) },
    );
    stage.sandbox.script([{ endpoint: 'sendSms', fault: 'cut-after-accepting' }]);
    const held = await outbox.enqueue({ to: numbers(1), content: 'x' });
    await until(async () => (await outbox.find(held.id))?.recipients[0]?.state === 'held');
    await stage.stop();
    const [part] = await stage.query<{ id: string }>(
      `insert into chunk (account, lane, state, size, held, numbers, root_id, parent_id)
        values ('4luaKsL2', 'priority', 'held', 1, 1, '918563000001', $1, $1) returning id::text`,
      [inParts.id],
    );

    await age(4, [recent.id]);
    await worker(deleting);
    const left = () =>
      stage.query<{ id: string }>(`select id::text from chunk order by id`).then((rows) => rows.map(({ id }) => id));
    await until(left, (ids) => !ids.includes(old.id));
    // Its turn comes again in a while, not at each step.
    await until(async () => {
      const [row] = await stage.query<{ later: boolean }>(
        `select ended_at > clock_timestamp() - interval '3 days' as later from chunk where id = $1`,
        [inParts.id],
      );
      return row?.later === true;
    });
    expect(await left()).toEqual([recent.id, inParts.id, scheduled.id, held.id, part!.id]);

    await stage.stop();
    await stage.query(`update chunk set state = 'abandoned', held = 0, abandoned = 1 where id = $1`, [part!.id]);
    await age(4, [recent.id, scheduled.id]);
    await worker(deleting);
    await until(left, (ids) => !ids.includes(inParts.id) && !ids.includes(part!.id));
    expect(await left()).toEqual([recent.id, scheduled.id, held.id]);
  });

  it('does not make the same call send again before its idempotency key has expired', async () => {
    const first = await worker();
    const key = { idempotencyKey: 'order 7' };
    const { id } = await first.outbox.send({ to: numbers(1), content: 'x' }, key);
    await stage.stop();
    await age(4);
    const second = await worker({ ...deleting, idempotencyKeysKeptMs: 30 * DAY });
    await until(async () => (await second.outbox.find(id)) === undefined);
    expect(await second.outbox.enqueue({ to: numbers(1), content: 'x' }, key)).toEqual({ id, isNew: false });
    expect(stage.sandbox.messages).toHaveLength(1);

    await stage.stop();
    await age(40);
    const third = await worker({ ...deleting, idempotencyKeysKeptMs: 30 * DAY });
    await until(async () => (await rowsOf(['idempotency_key']))['idempotency_key'] === 0);
    expect(await third.outbox.enqueue({ to: numbers(1), content: 'x' }, key)).toEqual({
      id: expect.any(String),
      isNew: true,
    });
    await until(() => stage.sandbox.messages.length === 2);
  });

  it('does not forget the key of a deleted campaign before it has expired', async () => {
    const plan = { name: 'x', content: 'x', recipients: numbers(2), sendAt: 'now' as const, idempotencyKey: 'spring' };
    const first = await worker();
    const { id } = await first.app.get(SmsCampaigns).create(plan);
    await until(async () => (await first.app.get(SmsCampaigns).getProgress(id)).state === 'done');
    await stage.stop();
    await age(4);
    const second = await worker(deleting);
    const campaigns = second.app.get(SmsCampaigns);
    await until(async () => (await campaigns.find(id)) === undefined);
    expect(await campaigns.create(plan)).toEqual({ id, isNew: false });
  });

  it('keeps the key of a message that has not ended, however old it is', async () => {
    const { outbox } = await worker();
    const soon = await outbox.enqueue(
      { to: numbers(1), content: 'x' },
      { idempotencyKey: 'later', sendAt: new Date(Date.now() + 100 * DAY) },
    );
    await outbox.send({ to: numbers(1), content: 'x' }, { idempotencyKey: 'now' });
    await stage.stop();
    await age(50);
    await worker({ idempotencyKeysKeptMs: 30 * DAY });
    const keys = () => stage.query<{ id: string; key: string }>(`select id::text, key from idempotency_key`);
    await until(keys, (rows) => rows.length === 1);
    expect(await keys()).toEqual([{ id: soon.id, key: 'later' }]);
  });
});

describe('recurring work', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  it('goes on if one of its steps fails', async () => {
    const { outbox } = await stage.app({ worker: false });
    const { id } = await outbox.enqueue({ to: numbers(1), content: 'x' }, { sendBefore: new Date(Date.now() + 50) });
    const [found] = await stage.query<{ signature: string }>(
      `select oid::regprocedure::text as signature from pg_proc where proname ~ '^mark_overdue_'`,
    );
    await stage.query(`drop function ${found!.signature}`);
    await stage.query(`update account set backoff_until = clock_timestamp() + interval '1 hour'`);
    const { outbox: other } = await stage.app();
    const message = await until(
      () => other.find(id),
      (read) => read?.recipients[0]?.state === 'rejected',
    );
    expect(message?.recipients[0]).toMatchObject({ state: 'rejected', code: 'OUTBOX_EXPIRED' });
  });

  it('is done by one process at each interval', async () => {
    const [one, other] = [await stage.app({ worker: false }), await stage.app({ worker: false })];
    const [first, second] = [one.app.get(OutboxStore), other.app.get(OutboxStore)];
    const turns = await Promise.all([first, second, first, second].map((store) => takesTurn(store, 'test', DAY)));
    expect(turns.filter(Boolean)).toHaveLength(1);
    expect(await takesTurn(second, 'another', DAY)).toBe(true);
    await stage.query(`update turn set taken_at = taken_at - interval '1 day' where task = 'test'`);
    const later = await Promise.all([first, second, first, second].map((store) => takesTurn(store, 'test', DAY)));
    expect(later.filter(Boolean)).toHaveLength(1);
  });
});
