import { hash } from 'node:crypto';
import { SmsCampaigns, type LaafficOutboxOptions, type UnconfirmedAction } from 'nestjs-laaffic-outbox';
import { failureOf } from '../module/account.js';
import { balanceOf, campaignOf, readAll } from './campaigns.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

const ACTIONS = ['hold', 'resend', 'abandon'] as const;
const OWN: readonly (UnconfirmedAction | undefined)[] = [undefined, ...ACTIONS];
const ENDS = { hold: 'held', resend: 'accepted', abandon: 'abandoned' } as const;
const LOST = { fault: 'cut-after-accepting' } as const;
const lost = (count: number) => Array.from({ length: count }, () => LOST);
const WRONG = 'retry' as UnconfirmedAction;
const ISSUE = { field: 'onUnconfirmed', problem: 'must be one of hold, resend, abandon' };

describe('the choice of what happens to unknown recipients', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  async function start(more: Partial<LaafficOutboxOptions> = {}) {
    const { app, outbox } = await stage.app({ timing: { ...SHORT, gracePeriodMs: 3_600_000 }, ...more });
    await stage.clear();
    return { outbox, campaigns: app.get(SmsCampaigns) };
  }
  /** Resolves when this many recipients are unknown. Then their grace period is over. */
  async function endGracePeriodOf(count: number): Promise<void> {
    await until(
      async () => (await stage.sums())?.['unknown'],
      (unknown) => unknown === count,
    );
    await stage.query(`update chunk set changed_at = changed_at - interval '1 day' where unknown > 0`);
  }

  it.each(ACTIONS)('counts before the default %s of the lane, for messages and campaigns', async (action) => {
    const other: UnconfirmedAction = action === 'hold' ? 'abandon' : 'hold';
    const { outbox, campaigns } = await start({ onUnconfirmed: { priority: action, bulk: other } });
    // A lane would be paused if it got only responses without any recipient.
    stage.sandbox.script(Array.from({ length: 3 * OWN.length }, () => ({ fault: 'missing-items', count: 1 })));
    const ids = await Promise.all(
      OWN.flatMap((onUnconfirmed, i) => [
        outbox.enqueue({ to: numbers(2, 10 * i), content: 'x' }, { onUnconfirmed }),
        outbox.enqueue({ to: numbers(2, 10 * i + 2), content: 'x' }, { onUnconfirmed, lane: 'bulk' }),
        campaigns.create(campaignOf({ recipients: numbers(2, 10 * i + 4), onUnconfirmed, sendAt: 'now' })),
      ]),
    );
    await endGracePeriodOf(3 * OWN.length);
    const statesOf = async ({ id }: { id: string }, index: number) => {
      const recipients =
        index % 3 === 2 ? await readAll(campaigns.listResults(id)) : (await outbox.find(id))?.recipients;
      return recipients?.map(({ state }) => state);
    };
    const expected = OWN.flatMap((own) => [action, other, other].map((byLane) => ENDS[own ?? byLane]));
    await until(
      () => Promise.all(ids.map(statesOf)),
      (states) => JSON.stringify(states) === JSON.stringify(expected.map((state) => ['accepted', state])),
    );
    const resent = expected.filter((state) => state === 'accepted').length;
    expect(stage.sandbox.requests.length).toBe(3 * OWN.length + resent);
  });

  it('is shown with the message and with the campaign', async () => {
    const { outbox, campaigns } = await start({ worker: false });
    const own = await outbox.enqueue({ to: numbers(1), content: 'x' }, { onUnconfirmed: 'resend' });
    const none = await outbox.enqueue({ to: numbers(1), content: 'x' });
    const campaign = await campaigns.create(campaignOf({ recipients: numbers(1), onUnconfirmed: 'abandon' }));
    const other = await campaigns.create(campaignOf({ recipients: numbers(1) }));
    expect((await outbox.find(own.id))?.onUnconfirmed).toBe('resend');
    expect(await outbox.find(none.id)).not.toHaveProperty('onUnconfirmed');
    expect((await campaigns.list()).map(({ id, onUnconfirmed }) => [id, onUnconfirmed])).toEqual([
      [other.id, undefined],
      [campaign.id, 'abandon'],
    ]);
    expect((await campaigns.find(campaign.id))?.onUnconfirmed).toBe('abandon');
  });

  it('belongs to each part of a message that was split to fit the rate', async () => {
    const { outbox } = await start({ rate: { recipientsPerSecond: 1_000 } });
    stage.sandbox.script(lost(3));
    const to = numbers(50);
    const { id } = await outbox.enqueue({ to, content: 'x' }, { lane: 'bulk', onUnconfirmed: 'abandon' });
    await endGracePeriodOf(50);
    const found = await until(
      () => outbox.find(id),
      (message) => message?.recipients.every(({ state }) => state === 'abandoned') === true,
    );
    expect(found?.recipients).toHaveLength(50);
    const parts = await stage.query<{ n: number }>(
      `select count(*)::int as n from chunk where on_unconfirmed = 'abandon'`,
    );
    expect(parts).toEqual([{ n: 3 }]);
  });

  it('belongs to each part of a campaign that was split because of a number', async () => {
    const { campaigns } = await start({ onUnconfirmed: { bulk: 'hold' } });
    stage.sandbox.configure({
      quirks: { partialSuccess: 'reject-all', failArray: 'never' },
      rejectionRules: [{ number: numbers(1)[0]!, status: -9 }],
    });
    // The whole request, then its halves and quarters: the responses to those without the number are lost.
    stage.sandbox.script([{}, {}, LOST, {}, LOST]);
    const recipients = numbers(4);
    const { id } = await campaigns.create(campaignOf({ recipients, onUnconfirmed: 'abandon', sendAt: 'now' }));
    const { unknown } = await until(
      () => campaigns.getProgress(id),
      ({ pending, sending }) => pending + sending === 0,
    );
    expect(unknown).toBeGreaterThan(1);
    await stage.query(`update chunk set changed_at = changed_at - interval '1 day' where unknown > 0`);
    await until(async () => (await campaigns.getProgress(id)).abandoned === unknown);
    expect(await balanceOf(stage.pool, campaigns, id)).toEqual({ unbalanced: 0, isWhole: true });
  });

  it('applies again to recipients that were resent, by the policy or by a person', async () => {
    const { outbox } = await start({ onUnconfirmed: { priority: 'abandon' } });
    stage.sandbox.script(lost(4));
    const twice = await outbox.enqueue({ to: numbers(2), content: 'x' }, { onUnconfirmed: 'resend' });
    const held = await outbox.enqueue({ to: numbers(2, 2), content: 'x' }, { onUnconfirmed: 'hold' });
    const statesOf = async (id: string) => (await outbox.find(id))?.recipients.map(({ state }) => state).join();
    await endGracePeriodOf(4);
    await until(async () => (await statesOf(held.id)) === 'held,held');
    await outbox.resolveHeld(held.id, 'resend', { actor: 'a person' });
    await until(async () => `${await statesOf(held.id)},${await statesOf(twice.id)}` === UNKNOWN);
    await endGracePeriodOf(4);
    await until(async () => (await statesOf(held.id)) === 'held,held');
    await until(async () => (await statesOf(twice.id)) === 'accepted,accepted');
    expect(stage.sandbox.requests).toHaveLength(5);
  });

  it('of a chunk, such as one of a restored backup, counts before that of its campaign', async () => {
    const { campaigns } = await start();
    stage.sandbox.script(LOST);
    const recipients = numbers(2);
    const { id } = await campaigns.create(campaignOf({ recipients, onUnconfirmed: 'resend', sendAt: 'now' }));
    await until(async () => (await campaigns.getProgress(id)).unknown === 2);
    await stage.query(`update chunk set on_unconfirmed = 'hold'`);
    await endGracePeriodOf(2);
    await until(async () => (await campaigns.getProgress(id)).held === 2);
    expect(stage.sandbox.requests).toHaveLength(1);
  });

  it('does not send again to recipients of a cancelled campaign', async () => {
    const { campaigns } = await start();
    stage.sandbox.script(LOST);
    const recipients = numbers(2);
    const { id } = await campaigns.create(campaignOf({ recipients, onUnconfirmed: 'resend', sendAt: 'now' }));
    await until(async () => (await campaigns.getProgress(id)).unknown === 2);
    await campaigns.cancel(id);
    await endGracePeriodOf(2);
    await until(async () => (await campaigns.getProgress(id)).held === 2);
    expect(stage.sandbox.requests).toHaveLength(1);
  });

  it('is told to subscribers of the activity as it was decided', async () => {
    const { outbox } = await start({ onUnconfirmed: { priority: 'abandon' } });
    const seen: string[] = [];
    outbox.activityEvents.subscribe(({ state }) => {
      if (state === 'held' || state === 'abandoned') seen.push(state);
    });
    stage.sandbox.script(lost(2));
    await outbox.enqueue({ to: numbers(1), content: 'x' }, { onUnconfirmed: 'hold' });
    await outbox.enqueue({ to: numbers(1, 1), content: 'x' });
    await endGracePeriodOf(2);
    await until(() => seen.length === 2);
    expect(seen.sort()).toEqual(['abandoned', 'held']);
  });

  it('of enqueueMany counts for messages that have none of their own', async () => {
    const { outbox } = await start({ worker: false });
    const ids: string[] = [];
    const messages = numbers(3).map((to, i) => ({ to, content: 'x', onUnconfirmed: OWN[i === 1 ? 2 : 0] }));
    const onStored = (stored: readonly { id: string }[]) => ids.push(...stored.map(({ id }) => id));
    await outbox.enqueueMany(messages, { onUnconfirmed: 'abandon', onStored });
    const found = await Promise.all(ids.map((id) => outbox.find(id)));
    expect(found.map((message) => message?.onUnconfirmed)).toEqual(['abandon', 'resend', 'abandon']);
  });

  it('is named if it is wrong', async () => {
    const { outbox, campaigns } = await start({ worker: false });
    const message = { to: numbers(1), content: 'x' };
    const rejected = [
      outbox.enqueue(message, { onUnconfirmed: WRONG }),
      outbox.send(message, { onUnconfirmed: WRONG }),
      outbox.enqueueMany([message], { onUnconfirmed: WRONG }),
      campaigns.create(campaignOf({ recipients: numbers(1), onUnconfirmed: WRONG })),
    ];
    const failures = await Promise.all(rejected.map(failureOf));
    expect(failures).toEqual(rejected.map((): unknown => expect.objectContaining({ issues: [ISSUE] })));
    const invalid: unknown[] = [];
    const onInvalid = ({ issues }: { issues: unknown }) => invalid.push(issues);
    await outbox.enqueueMany([{ ...message, onUnconfirmed: WRONG }], { onInvalid });
    expect(invalid).toEqual([[ISSUE]]);
    expect(await stage.query('select id from chunk')).toEqual([]);
  });

  it('belongs to what an idempotency key identifies', async () => {
    const { outbox, campaigns } = await start({ worker: false });
    const message = { to: numbers(1), content: 'x' };
    const enqueue = (key: string, onUnconfirmed?: UnconfirmedAction) =>
      outbox.enqueue(message, { idempotencyKey: key, onUnconfirmed });
    const create = (key: string, onUnconfirmed?: UnconfirmedAction) =>
      campaigns.create(campaignOf({ recipients: numbers(1), idempotencyKey: key, onUnconfirmed }));
    for (const call of [enqueue, create]) {
      const stored = await call('with', 'hold');
      await call('without');
      expect(await call('with', 'hold')).toEqual({ id: stored.id, isNew: false });
      const reused = expect.objectContaining({ code: 'OUTBOX_KEY_REUSED' });
      expect(await failureOf(call('with'))).toEqual(reused);
      expect(await failureOf(call('with', 'abandon'))).toEqual(reused);
      expect(await failureOf(call('without', 'hold'))).toEqual(reused);
    }
    // Calls without it identify the same as before it existed.
    const fingerprints = await stage.query<{ fingerprint: string }>(
      `select fingerprint from chunk where campaign_id is null and on_unconfirmed is null
        union all select fingerprint from campaign where on_unconfirmed is null`,
    );
    const expected = [
      [numbers(1).join(), '', 'x', '', 'priority', '', '', ''],
      ['a campaign', 'hello', '', 'keep', '0', ''],
    ];
    expect(fingerprints.map(({ fingerprint }) => fingerprint)).toEqual(
      expected.map((parts) => hash('sha256', JSON.stringify(parts), 'base64url')),
    );
  });
});

const UNKNOWN = 'unknown,unknown,unknown,unknown';
