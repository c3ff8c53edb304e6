import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsCampaigns, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { startApp } from './app.js';
import { balanceOf, campaignOf, numbers, progressOf, readAll } from './campaigns.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';

const BALANCED = { unbalanced: 0, isWhole: true };

describe('the progress counts of a campaign', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let pool: Pool;
  let sandbox: LaafficSandbox;
  let app: Awaited<ReturnType<typeof startApp>> | undefined;
  let campaigns: SmsCampaigns;

  beforeAll(async () => {
    database = await startDatabase();
    pool = new Pool({ connectionString: database.url });
    pool.on('error', () => undefined);
    sandbox = await LaafficSandbox.start({ queuedForMs: 0, deliveredAfterMs: 0 });
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    sandbox.configure({ rejectionRules: [], quirks: { partialSuccess: 'status-zero', failArray: 'on-failure' } });
    sandbox.reset();
  });

  afterAll(async () => {
    await sandbox.close();
    await pool.end();
    await database.close();
  });

  async function start(more: Partial<LaafficOutboxOptions> = {}): Promise<void> {
    const timing = {
      startWithinMs: 2_500,
      timeoutMs: 2_500,
      leaseMs: 5_200,
      gracePeriodMs: 50,
      lookupIntervalMs: false,
      reportsAfterMs: false,
    } as const;
    app = await startApp(sandbox, { database: database.url, timing, worker: { pollIntervalMs: 150 }, ...more });
    campaigns = app.get(SmsCampaigns);
  }
  const isDone = (id: string) => until(async () => (await campaigns.find(id))?.state === 'done');
  const states = async (id: string) => (await readAll(campaigns.listResults(id))).map(({ state }) => state);

  it('add up after a request was split, some recipients were lost, and others were resent', async () => {
    await start();
    const quirks = { partialSuccess: 'reject-all', failArray: 'never' } as const;
    sandbox.configure({ quirks, rejectionRules: [{ number: '918500000002', status: -9 }] });
    // The whole request, then its halves: the response to the second half is lost.
    sandbox.script([{}, {}, { fault: 'cut-after-accepting' }]);
    const { id } = await campaigns.create(campaignOf({ recipients: ['x', ...numbers(8), 'y'], sendAt: 'now' }));
    await isDone(id);
    const first = await campaigns.getProgress(id);
    const balances = [await balanceOf(pool, campaigns, id)];
    sandbox.configure({ rejectionRules: [] });
    const retried = await campaigns.retryRejected(id, { actor: 'a person' });
    balances.push(await balanceOf(pool, campaigns, id));
    await isDone(id);
    const positions = (await readAll(campaigns.listHeld(id))).map(({ position }) => position);
    const resent = await campaigns.resolveHeld(id, 'resend', { actor: 'a person', positions: positions.slice(0, 1) });
    balances.push(await balanceOf(pool, campaigns, id));
    await campaigns.resolveHeld(id, 'abandon', { actor: 'a person' });
    await isDone(id);
    balances.push(await balanceOf(pool, campaigns, id));
    const { held } = first;
    expect(first).toEqual(progressOf(id, 'done', { total: 10, invalid: 2, rejected: 1, held, accepted: 7 - held }));
    expect(retried).toBe(1);
    expect(resent).toBe(1);
    expect(await campaigns.getProgress(id)).toEqual(
      progressOf(id, 'done', { total: 10, invalid: 2, abandoned: held - 1, accepted: 9 - held }),
    );
    expect(balances).toEqual([BALANCED, BALANCED, BALANCED, BALANCED]);
    expect(held).toBeGreaterThan(0);
  });

  it('add up while requests are split to fit the rate', async () => {
    await start();
    const { id } = await campaigns.create(campaignOf({ recipients: ['x', ...numbers(150), 'y'] }));
    await app?.close();
    await start({ rate: { recipientsPerSecond: 1_000 } });
    await campaigns.start(id);
    const balances = new Set<string>();
    await until(async () => {
      balances.add(JSON.stringify(await balanceOf(pool, campaigns, id)));
      return (await campaigns.find(id))?.state === 'done';
    });
    expect(balances).toEqual(new Set([JSON.stringify(BALANCED)]));
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 152, invalid: 2, accepted: 150 }));
    expect(sandbox.requests.length).toBeGreaterThan(2);
    expect(await states(id)).toEqual(['invalid', ...Array.from({ length: 150 }, () => 'accepted'), 'invalid']);
  });

  it('tell who was delivered to', async () => {
    await start({ timing: { reportsAfterMs: 50, lookupIntervalMs: false } });
    const { id } = await campaigns.create(campaignOf({ recipients: [...numbers(5), '9991112345'], sendAt: 'now' }));
    await isDone(id);
    await until(async () => (await campaigns.getProgress(id)).failed === 1);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 6, delivered: 5, failed: 1 }));
    expect(await balanceOf(pool, campaigns, id)).toEqual(BALANCED);
  });

  it('never count a recipient as cancelled that may have been sent to, whatever the policy', async () => {
    await start({ onUnconfirmed: { bulk: 'resend' } });
    sandbox.script({ fault: 'cut-after-accepting', responseDelayMs: 100 });
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(1_500), sendAt: 'now' }));
    await until(() => sandbox.requests.length > 0);
    await campaigns.pause(id);
    await campaigns.cancel(id);
    await until(async () => (await campaigns.find(id))?.doneAt !== undefined);
    const progress = await campaigns.getProgress(id);
    expect(progress.held).toBeGreaterThan(0);
    expect(progress.pending).toBe(0);
    expect(progress.unknown).toBe(0);
    expect(await balanceOf(pool, campaigns, id)).toEqual(BALANCED);
  });
});

it('campaigns of one priority take turns, so a small one does not wait for a large one', async () => {
  const database = await startDatabase();
  const sandbox = await LaafficSandbox.start();
  const app = await startApp(sandbox, { database: database.url, worker: false });
  const campaigns = app.get(SmsCampaigns);
  await campaigns.create(campaignOf({ content: 'large', recipients: numbers(40_000), sendAt: 'now' }));
  await campaigns.create(campaignOf({ content: 'small', recipients: numbers(2_000), sendAt: 'now' }));
  const high = campaignOf({ content: 'high', recipients: numbers(1_000), sendAt: 'now', priority: 1 });
  await campaigns.create(high);
  const worker = { bulkSlots: 1, pollIntervalMs: 50 };
  const sender = await startApp(sandbox, { database: database.url, worker });
  await until(
    () => sandbox.requests.length,
    (count) => count >= 5,
  );
  const contents = sandbox.requests.map(({ body }) => (body as { content: string }).content);
  expect(contents.slice(0, 5)).toEqual(['high', 'large', 'small', 'large', 'small']);
  await sender.close();
  await app.close();
  await sandbox.close();
  await database.close();
});
