import { SmsCampaigns, type NewCampaign, type OutboxRateOptions } from 'nestjs-laaffic-outbox';
import { failureOf } from '../module/account.js';
import { balanceOf, campaignOf, numbers, progressOf, readAll } from './campaigns.js';
import { Stage } from './stage.js';
import { until } from '../until.js';

const RATE: OutboxRateOptions = { recipientsPerSecond: 1_000 };
/** What one request may have at this rate. */
const SIZE = 24;

describe('the chunks of a campaign', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  async function start(rate: OutboxRateOptions = {}, worker = true) {
    const { app } = await stage.app({ rate, ...(worker ? {} : { worker }) });
    return app.get(SmsCampaigns);
  }
  /** The sizes of the chunks, and how many chunks have each, in the order of the source. */
  async function sizesOf(id: string): Promise<[number, number][]> {
    const rows = await stage.query<{ size: number; n: number }>(
      `select size, count(*)::int as n from chunk where campaign_id = $1 group by size order by min(first_position)`,
      [id],
    );
    return rows.map(({ size, n }) => [size, n]);
  }
  const keyed = (key: string, recipients: NewCampaign['recipients']) => campaignOf({ recipients, idempotencyKey: key });
  const numbersOf = async (campaigns: SmsCampaigns, id: string) =>
    (await readAll(campaigns.listResults(id))).map(({ number }) => number);

  it.each<[OutboxRateOptions, [number, number][]]>([
    [
      {},
      [
        [1_000, 3],
        [5, 1],
      ],
    ],
    [
      RATE,
      [
        [SIZE, 125],
        [5, 1],
      ],
    ],
    [
      { ...RATE, requestsPerSecond: 10 },
      [
        [48, 62],
        [29, 1],
      ],
    ],
    [
      { ...RATE, priorityShare: 0 },
      [
        [30, 100],
        [5, 1],
      ],
    ],
    [
      { requestsPerSecond: 20 },
      [
        [1_000, 3],
        [5, 1],
      ],
    ],
    [{ recipientsPerSecond: 10 }, [[1, 3_005]]],
    [{ recipientsPerSecond: 0.5, requestsPerSecond: 0.5 }, [[1, 3_005]]],
  ])('have the size of the requests that the rate %j allows', async (rate, sizes) => {
    const campaigns = await start(rate, false);
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(3_005) }));
    expect(await sizesOf(id)).toEqual(sizes);
    expect(await numbersOf(campaigns, id)).toEqual([...numbers(3_005)]);
  });

  it('are sent as they are stored, and the history of each is one request and its response', async () => {
    const campaigns = await start(RATE);
    const { id } = await campaigns.create(campaignOf({ recipients: numbers(3_000), sendAt: 'now' }));
    await until(async () => (await campaigns.find(id))?.state === 'done');
    expect(await sizesOf(id)).toEqual([[SIZE, 125]]);
    const history = await stage.query(
      `select h.events, c.parent_id, count(*)::int as n from chunk c join lateral (
          select array_agg(event order by id) as events from history where chunk_id = c.id) h on true
        where c.campaign_id = $1 group by 1, 2`,
      [id],
    );
    expect(history).toEqual([{ events: ['sending', 'completed'], parent_id: null, n: 125 }]);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'done', { total: 3_000, accepted: 3_000 }));
    expect(await balanceOf(stage.pool, campaigns, id)).toEqual({ unbalanced: 0, isWhole: true });
  });

  it('are split when the rate is lower than it was when they were stored', async () => {
    const fast = await start(RATE, false);
    const { id } = await fast.create(campaignOf({ recipients: numbers(SIZE + 5), sendAt: 'now' }));
    stage.sandbox.reset();
    const slow = await start({ recipientsPerSecond: 500 });
    await until(async () => (await slow.find(id))?.state === 'done');
    const requests = stage.sandbox.requests.map(({ body }) => (body as { numbers: string }).numbers.split(',').length);
    expect(requests).toEqual([12, 12, 5]);
    expect(await numbersOf(slow, id)).toEqual([...numbers(SIZE + 5)]);
  });

  it.each<[OutboxRateOptions, string]>([
    [{}, 'no rate'],
    [{ recipientsPerSecond: 10 }, 'a slower one'],
  ])('keep their size when the creation is continued with another rate: %j', async (rate, key) => {
    const first = await start(RATE, false);
    await failureOf(first.create(keyed(key, failing(1_100))));
    const [half] = await first.list({ limit: 1 });
    expect(half?.total).toBe(45 * SIZE);
    const second = await start(rate, false);
    expect(await failureOf(second.create(keyed(key, [...numbers(1_079), '918563210001'])))).toMatchObject({
      code: 'OUTBOX_SOURCE_CHANGED',
    });
    const { id, isNew } = await second.create(keyed(key, numbers(2_400)));
    expect([id, isNew]).toEqual([half?.id, true]);
    expect(await sizesOf(id)).toEqual([[SIZE, 100]]);
    expect(await numbersOf(second, id)).toEqual([...numbers(2_400)]);
    expect(await second.create(keyed(key, numbers(2_400)))).toEqual({ id, isNew: false });
    expect(await failureOf(second.create(keyed(key, numbers(2_399))))).toMatchObject({ code: 'OUTBOX_SOURCE_CHANGED' });
  });

  it('of one recipient are stored many at once, and continued where the source failed', async () => {
    const campaigns = await start({ recipientsPerSecond: 10 }, false);
    await failureOf(campaigns.create(keyed('one', failing(4_500))));
    const [half] = await campaigns.list({ limit: 1 });
    expect(half?.total).toBe(4_500);
    const { id } = await campaigns.create(keyed('one', numbers(4_600)));
    expect(await sizesOf(id)).toEqual([[1, 4_600]]);
    expect(await numbersOf(campaigns, id)).toEqual([...numbers(4_600)]);
  });

  it('are read many at once, from any position and in any state', async () => {
    const campaigns = await start(RATE, false);
    const source = [...numbers(2_500)].map((number, i) => (i % 1_200 === 50 ? `x${i}` : number));
    const { id } = await campaigns.create(campaignOf({ recipients: source }));
    const positions = async (filter: Parameters<SmsCampaigns['listResults']>[1]) =>
      (await readAll(campaigns.listResults(id, filter))).map(({ position }) => position);
    expect(await positions({ state: 'invalid' })).toEqual([50, 1_250, 2_450]);
    expect(await positions({ state: 'invalid', after: 50 })).toEqual([1_250, 2_450]);
    expect(await positions({ after: 2_446 })).toEqual(Array.from({ length: 53 }, (_, i) => 2_447 + i));
    expect(await positions({ after: 977 })).toEqual(Array.from({ length: 1_522 }, (_, i) => 978 + i));
    expect(await positions({ state: 'held' })).toEqual([]);
  });
});

/** A source that throws after this many numbers. */
function* failing(count: number): Generator<string, void, undefined> {
  yield* numbers(count);
  throw new Error('the file ended');
}
