import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsCampaigns, SmsOutbox, type HeldDecision, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { startApp } from './app.js';
import { balanceOf, campaignOf, numbers, progressOf, readAll } from './campaigns.js';
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

describe('recipients on hold', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let pool: Pool;
  let sandbox: LaafficSandbox;
  let app: Awaited<ReturnType<typeof startApp>>;
  let campaigns: SmsCampaigns;
  let outbox: SmsOutbox;

  beforeAll(async () => {
    database = await startDatabase();
    pool = new Pool({ connectionString: database.url });
    pool.on('error', () => undefined);
    sandbox = await LaafficSandbox.start();
    const options: LaafficOutboxOptions = { database: database.url, timing: TIMING, worker: { pollIntervalMs: 150 } };
    app = await startApp(sandbox, options);
    campaigns = app.get(SmsCampaigns);
    outbox = app.get(SmsOutbox);
  });

  beforeEach(async () => {
    sandbox.reset();
    await resumeLanes();
  });

  afterAll(async () => {
    await app.close();
    await sandbox.close();
    await pool.end();
    await database.close();
  });

  /** A campaign whose response was lost, without any evidence. */
  async function heldCampaign(recipients = ['x', ...numbers(4)]): Promise<string> {
    sandbox.script({ fault: 'cut-after-accepting' });
    const { id } = await campaigns.create(campaignOf({ recipients, sendAt: 'now' }));
    await isDone(id);
    await resumeLanes();
    return id;
  }
  /** Several lost responses pause the lane. */
  const resumeLanes = () => pool.query('delete from laaffic_outbox.lane_limit');
  const isDone = (id: string) => until(async () => (await campaigns.find(id))?.state === 'done');
  const states = async (id: string) => (await readAll(campaigns.listResults(id))).map(({ state }) => state);
  const resolve = (id: string, decision: HeldDecision, positions?: number[]) =>
    campaigns.resolveHeld(id, decision, { actor: 'a person', ...(positions === undefined ? {} : { positions }) });

  const balance = (id: string) => balanceOf(pool, campaigns, id);
  const BALANCED = { unbalanced: 0, isWhole: true };

  const NEVER_UNSENT = ['invalid', 'abandoned', 'abandoned', 'abandoned', 'abandoned'];

  it('do not count as certainly unsent if the gateway rejects them after they were resent', async () => {
    const id = await heldCampaign();
    sandbox.script({ status: -3 });
    await resolve(id, 'resend');
    await isDone(id);
    expect(await states(id)).toEqual(NEVER_UNSENT);
    expect(await balance(id)).toEqual(BALANCED);
  });

  it('do not count as certainly unsent if they are cancelled after they were resent', async () => {
    const id = await heldCampaign();
    await pool.query(`update laaffic_outbox.account set backoff_until = clock_timestamp() + interval '1 day'`);
    await resolve(id, 'resend');
    await campaigns.cancel(id);
    await pool.query(`update laaffic_outbox.account set backoff_until = null`);
    expect(await states(id)).toEqual(NEVER_UNSENT);
    expect(await balance(id)).toEqual(BALANCED);
  });

  it('are those of a request without a response', async () => {
    const id = await heldCampaign();
    const held = await readAll(campaigns.listHeld(id));
    expect(held).toEqual(
      [...numbers(4)].map((number, index) => ({
        position: index + 1,
        number,
        orderId: expect.any(String),
        state: 'held',
        code: expect.any(String),
        reason: expect.any(String),
        sentAt: expect.any(Date),
      })),
    );
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 5, held: 4, invalid: 1 }));
    expect(await balance(id)).toEqual(BALANCED);
  });

  it.each([
    ['resend', { accepted: 4 }, 2],
    ['abandon', { abandoned: 4 }, 1],
    ['sent', { accepted: 4 }, 1],
  ] as const)('are all decided by %s', async (decision, counts, requests) => {
    const id = await heldCampaign();
    const count = await resolve(id, decision);
    const again = await resolve(id, decision);
    await until(async () => (await campaigns.getProgress(id)).pending === 0);
    await isDone(id);
    expect(count).toBe(4);
    expect(again).toBe(0);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 5, invalid: 1, ...counts }));
    expect(await balance(id)).toEqual(BALANCED);
    expect(sandbox.requests.length).toEqual(requests);
  });

  it('are decided one by one', async () => {
    const id = await heldCampaign([...numbers(6)]);
    const counts = [
      await resolve(id, 'resend', [1, 99]),
      await resolve(id, 'abandon', [2]),
      await resolve(id, 'sent', [3]),
      await resolve(id, 'abandon', [3]),
    ];
    await isDone(id);
    const oneByOne = await states(id);
    const sums = await balance(id);
    const rest = await resolve(id, 'resend');
    await isDone(id);
    const received = sandbox.messages.map(({ number }) => Number(number) - 918_500_000_000);
    expect(counts).toEqual([1, 1, 1, 0]);
    expect(oneByOne).toEqual(['held', 'accepted', 'abandoned', 'accepted', 'held', 'held']);
    expect(sums).toEqual(BALANCED);
    expect(rest).toBe(3);
    expect(await states(id)).toEqual(['accepted', 'accepted', 'abandoned', 'accepted', 'accepted', 'accepted']);
    expect(await balance(id)).toEqual(BALANCED);
    expect(received).toEqual([0, 1, 2, 3, 4, 5, 1, 0, 4, 5]);
  });

  it('may be single recipients of a request with a response', async () => {
    sandbox.script({ fault: 'missing-items', count: 2 });
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(5), sendAt: 'now' }));
    await until(async () => (await campaigns.getProgress(id)).held === 2);
    const before = await campaigns.getProgress(id);
    await resolve(id, 'abandon', [3]);
    await resolve(id, 'resend');
    await isDone(id);
    expect(before.accepted).toBe(3);
    expect(await states(id)).toEqual(['accepted', 'accepted', 'accepted', 'abandoned', 'accepted']);
    expect(await balance(id)).toEqual(BALANCED);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 5, accepted: 4, abandoned: 1 }));
  });

  it('are not resent after a cancellation', async () => {
    sandbox.script([{ fault: 'hang-after-accepting' }]);
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(3), sendAt: 'now' }));
    await until(() => sandbox.requests.length === 1);
    await campaigns.cancel(id);
    await until(async () => (await campaigns.getProgress(id)).held === 3);
    await expect(resolve(id, 'resend')).rejects.toMatchObject({ code: 'OUTBOX_WRONG_STATE' });
    expect(await resolve(id, 'sent')).toBe(3);
    expect((await campaigns.getProgress(id)).accepted).toBe(3);
  });

  it('are decided only by an actor with a name', async () => {
    const id = await heldCampaign([...numbers(1)]);
    const wrong = { actor: '', positions: [-1] };
    await expect(campaigns.resolveHeld(id, 'maybe' as HeldDecision, wrong)).rejects.toMatchObject({
      issues: [{ field: 'decision' }, { field: 'actor' }, { field: 'positions' }],
    });
    await resolve(id, 'sent');
    const { rows } = await pool.query(
      `select event, actor, detail from laaffic_outbox.history where campaign_id = $1 and chunk_id is not null order by id desc limit 1`,
      [id],
    );
    expect(rows).toEqual([{ event: 'marked as sent', actor: 'a person', detail: '1 recipients' }]);
  });

  it('are found and decided among single messages too', async () => {
    sandbox.script({ fault: 'cut-after-accepting' });
    const { id } = await outbox.enqueue({ to: [...numbers(3)], content: 'code' });
    const isHeld = async () =>
      (await readAll(outbox.listHeld())).filter(({ messageId }) => messageId === id).length === 3;
    await until(isHeld);
    const counts = [
      await outbox.resolveHeld(id, 'resend', { actor: 'a person', positions: [0] }),
      await outbox.resolveHeld(id, 'sent', { actor: 'a person', positions: [1] }),
      await outbox.resolveHeld(id, 'abandon', { actor: 'a person' }),
      await outbox.resolveHeld('x', 'abandon', { actor: 'a person' }),
    ];
    await until(async () => (await outbox.find(id))?.recipients[0]?.state === 'accepted');
    const after = (await outbox.find(id))?.recipients.map(({ state }) => state);
    const held = await readAll(outbox.listHeld());
    expect(counts).toEqual([1, 1, 1, 0]);
    expect(after).toEqual(['accepted', 'accepted', 'abandoned']);
    expect(held.filter(({ messageId }) => messageId === id)).toEqual([]);
  });
});
