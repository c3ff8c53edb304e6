import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsCampaigns, SmsOutbox, type HistoryEntry } from 'nestjs-laaffic-outbox';
import { startApp } from './app.js';
import { campaignOf, numbers, readAll } from './campaigns.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';

const WORKER = expect.stringMatching(/^.+\.\d+\.[0-9a-f]{6}$/);

describe('the history', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let sandbox: LaafficSandbox;
  let app: Awaited<ReturnType<typeof startApp>>;
  let outbox: SmsOutbox;
  let campaigns: SmsCampaigns;

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start();
    const timing = {
      startWithinMs: 2_500,
      timeoutMs: 2_500,
      leaseMs: 5_200,
      gracePeriodMs: 50,
      lookupIntervalMs: false,
    } as const;
    app = await startApp(sandbox, { database: database.url, timing });
    outbox = app.get(SmsOutbox);
    campaigns = app.get(SmsCampaigns);
  });

  afterAll(async () => {
    await app.close();
    await sandbox.close();
    await database.close();
  });

  const told = (entries: readonly HistoryEntry[]) =>
    entries.map(({ event, actor, attempt, detail }) => [event, actor, attempt, detail]);

  it('tells what happened to a message, when, and who did it', async () => {
    sandbox.script([{ fault: 'cut-after-accepting' }, { status: -15 }, {}]);
    const { id } = await outbox.enqueue({ to: '91856321412', content: 'x' });
    await until(async () => (await outbox.find(id))?.recipients[0]?.state === 'held');
    await outbox.resolveHeld(id, 'resend', { actor: 'Asha' });
    await until(async () => (await outbox.find(id))?.recipients[0]?.state === 'accepted');
    const entries = await readAll(outbox.getHistory(id));
    expect(told(entries)).toEqual([
      ['pending', 'app', 0, undefined],
      ['sending', WORKER, 1, undefined],
      ['unknown', WORKER, 1, 'LAAFFIC_CONNECTION_LOST'],
      ['held', WORKER, 1, undefined],
      ['resent', 'Asha', 1, 'decision'],
      ['sending', WORKER, 1, undefined],
      ['released', WORKER, 1, 'LAAFFIC_TOO_FREQUENT'],
      ['sending', WORKER, 2, undefined],
      ['completed', WORKER, 2, undefined],
    ]);
    const [first, ...rest] = entries.map(({ chunkId }) => chunkId);
    expect(first).toEqual(id);
    expect(new Set(rest.slice(4)).size).toBe(1);
    expect(rest).not.toContain(undefined);
    const times = entries.map(({ at }) => at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('tells who sent a message, and who created or cancelled a campaign', async () => {
    const { id } = await outbox.enqueue({ to: '91856321412', content: 'x' }, { actor: 'shop', sendAt: new Date(4e12) });
    const { id: sent } = await outbox.send({ to: '91856321412', content: 'x' }, { actor: 'shop', timeoutMs: 0 });
    const campaign = await campaigns.create({ ...campaignOf({ recipients: numbers(2) }), actor: 'Asha' });
    const broken = {
      *[Symbol.iterator]() {
        yield '91856321412';
        throw new Error('the file ends here');
      },
    };
    await expect(campaigns.create({ ...campaignOf({ recipients: broken }), actor: 'Asha' })).rejects.toMatchObject({
      code: 'OUTBOX_SOURCE_FAILED',
    });
    const [, given] = (await campaigns.list())
      .map((one) => one.id)
      .sort((a, b) => Number(a) - Number(b))
      .slice(-2);
    const actors = async (entries: AsyncIterable<HistoryEntry>) =>
      (await readAll(entries)).map(({ event, actor }) => [event, actor]);
    expect((await actors(outbox.getHistory(id)))[0]).toEqual(['pending', 'shop']);
    expect((await actors(outbox.getHistory(sent)))[0]).toEqual(['pending', 'shop']);
    expect(await actors(campaigns.getHistory(campaign.id))).toEqual([
      ['creating', 'Asha'],
      ['draft', 'Asha'],
    ]);
    expect((await actors(campaigns.getHistory(given!))).every(([, actor]) => actor === 'Asha')).toBe(true);
    expect((await actors(campaigns.getHistory(given!))).map(([event]) => event)).toContain('cancelled');

    const wrong = { field: 'actor', problem: 'must be text of 1 to 255 characters' };
    for (const actor of ['', 'x'.repeat(256), 'a\0b']) {
      await expect(outbox.enqueue({ to: '91856321412', content: 'x' }, { actor })).rejects.toMatchObject({
        issues: [wrong],
      });
      await expect(campaigns.create({ ...campaignOf({ recipients: numbers(1) }), actor })).rejects.toMatchObject({
        issues: [wrong],
      });
    }
  });

  it('tells what happened to a campaign and its chunks', async () => {
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(1_001) }));
    await campaigns.start(id, 'Asha');
    await until(async () => (await campaigns.find(id))?.state === 'done');
    const entries = await readAll(campaigns.getHistory(id));
    const ofChunks = entries.filter(({ chunkId }) => chunkId !== undefined);
    expect(told(entries.filter(({ chunkId }) => chunkId === undefined))).toEqual([
      ['creating', 'app', undefined, undefined],
      ['draft', 'app', undefined, undefined],
      ['running', 'Asha', undefined, undefined],
      ['done', WORKER, undefined, undefined],
    ]);
    expect(ofChunks.map(({ event }) => event).sort()).toEqual(['completed', 'completed', 'sending', 'sending']);
    expect(new Set(ofChunks.map(({ chunkId }) => chunkId)).size).toBe(2);
  });

  it('is empty for a missing message, and an error for a missing campaign', async () => {
    expect(await readAll(outbox.getHistory('999999'))).toEqual([]);
    expect(await readAll(outbox.getHistory('x'))).toEqual([]);
    await expect(readAll(campaigns.getHistory('999999'))).rejects.toMatchObject({ code: 'OUTBOX_NOT_FOUND' });
  });
});

describe('a message that must be sent before its own time', () => {
  it('is rejected', async () => {
    const database = await startDatabase();
    const sandbox = await LaafficSandbox.start();
    const app = await startApp(sandbox, { database: database.url, worker: false });
    const at = new Date('2030-01-01T00:00:00Z');
    const sms = { to: '91856321412', content: 'x' };
    await expect(app.get(SmsOutbox).enqueue(sms, { sendAt: at, sendBefore: at })).rejects.toMatchObject({
      issues: [{ field: 'sendBefore', problem: 'must be after sendAt' }],
    });
    await app.close();
    await sandbox.close();
    await database.close();
  });
});
