import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsCampaigns, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { startApp } from './app.js';
import { balanceOf, campaignOf, numbers, progressOf, readAll, until } from './campaigns.js';
import { startDatabase } from './database.js';

const BALANCED = { unbalanced: 0, isWhole: true };

describe('the counts of a campaign', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let pool: Pool;
  let sandbox: LaafficSandbox;
  let app: Awaited<ReturnType<typeof startApp>> | undefined;
  let campaigns: SmsCampaigns;

  beforeAll(async () => {
    database = await startDatabase();
    pool = new Pool({ connectionString: database.url });
    pool.on('error', () => undefined);
    sandbox = await LaafficSandbox.start({ queuedFor: 0, deliveredAfter: 0 });
  });

  afterEach(async () => {
    await app?.close();
    app = undefined;
    sandbox.configure({ rules: [], quirks: { partialSuccess: 'status-zero', failArray: 'on-failure' } });
    sandbox.reset();
  });

  afterAll(async () => {
    await sandbox.close();
    await pool.end();
    await database.close();
  });

  async function start(more: Partial<LaafficOutboxOptions> = {}): Promise<void> {
    const timing = {
      startWithin: 2_500,
      timeout: 2_500,
      lease: 5_200,
      grace: 50,
      lookup: false,
      reportsAfter: false,
    } as const;
    app = await startApp(sandbox, { database: database.url, timing, worker: { poll: 50 }, ...more });
    campaigns = app.get(SmsCampaigns);
  }
  const isDone = (id: string) => until(async () => (await campaigns.find(id))?.state === 'done');
  const states = async (id: string) => (await readAll(campaigns.results(id))).map(({ state }) => state);

  it('add up after a request was divided, some were lost, and others were sent anew', async () => {
    await start();
    const quirks = { partialSuccess: 'refuse-all', failArray: 'never' } as const;
    sandbox.configure({ quirks, rules: [{ number: '918500000002', status: -9 }] });
    // The whole, then its halves: the answer to the second is lost.
    sandbox.script([{}, {}, { fault: 'cut-after-accepting' }]);
    const { id } = await campaigns.create(campaignOf({ recipients: ['x', ...numbers(8), 'y'], sendAt: 'now' }));
    await isDone(id);
    const first = await campaigns.progress(id);
    const balances = [await balanceOf(pool, campaigns, id)];
    sandbox.configure({ rules: [] });
    const retried = await campaigns.retryRefused(id, { by: 'a person' });
    balances.push(await balanceOf(pool, campaigns, id));
    await isDone(id);
    const positions = (await readAll(campaigns.held(id))).map(({ position }) => position);
    const resent = await campaigns.resolve(id, 'resend', { by: 'a person', positions: positions.slice(0, 1) });
    balances.push(await balanceOf(pool, campaigns, id));
    await campaigns.resolve(id, 'abandon', { by: 'a person' });
    await isDone(id);
    balances.push(await balanceOf(pool, campaigns, id));
    const { held } = first;
    expect([first, retried, resent, await campaigns.progress(id), balances]).toEqual([
      progressOf(id, 'done', { total: 10, invalid: 2, rejected: 1, held, accepted: 7 - held }),
      1,
      1,
      progressOf(id, 'done', { total: 10, invalid: 2, abandoned: held - 1, accepted: 9 - held }),
      [BALANCED, BALANCED, BALANCED, BALANCED],
    ]);
    expect(held).toBeGreaterThan(0);
  });

  it('add up while requests are cut to what the rate allows', async () => {
    await start({ rate: { recipientsPerSecond: 1_000 } });
    const { id } = await campaigns.create(campaignOf({ recipients: ['x', ...numbers(150), 'y'], sendAt: 'now' }));
    const balances = new Set<string>();
    await until(async () => {
      balances.add(JSON.stringify(await balanceOf(pool, campaigns, id)));
      return (await campaigns.find(id))?.state === 'done';
    });
    expect([balances, await campaigns.progress(id), sandbox.requests.length > 2]).toEqual([
      new Set([JSON.stringify(BALANCED)]),
      progressOf(id, 'done', { total: 152, invalid: 2, accepted: 150 }),
      true,
    ]);
    expect(await states(id)).toEqual(['invalid', ...Array.from({ length: 150 }, () => 'accepted'), 'invalid']);
  });

  it('say who was delivered to', async () => {
    await start({ timing: { reportsAfter: 50, lookup: false } });
    const { id } = await campaigns.create(campaignOf({ recipients: [...numbers(5), '9991112345'], sendAt: 'now' }));
    await isDone(id);
    await until(async () => (await campaigns.progress(id)).failed === 1);
    expect([await campaigns.progress(id), await balanceOf(pool, campaigns, id)]).toEqual([
      progressOf(id, 'done', { total: 6, delivered: 5, failed: 1 }),
      BALANCED,
    ]);
  });

  it('never call cancelled what may have been sent, whatever the policy', async () => {
    await start({ afterGrace: { bulk: 'resend' } });
    sandbox.script({ fault: 'cut-after-accepting', delayAnswer: 100 });
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(1_500), sendAt: 'now' }));
    await until(() => sandbox.requests.length > 0);
    await campaigns.pause(id);
    await campaigns.cancel(id);
    await until(async () => (await campaigns.find(id))?.doneAt !== undefined);
    const progress = await campaigns.progress(id);
    expect([progress.held > 0, progress.pending, progress.unknown, await balanceOf(pool, campaigns, id)]).toEqual([
      true,
      0,
      0,
      BALANCED,
    ]);
  });
});
