import { SmsCampaigns, type NewCampaign } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { ProcessClock } from '../../libs/laaffic-outbox/src/runtime/clock.js';
import { failureOf } from '../module/account.js';
import { startApp } from './app.js';
import { campaignOf, numbers, progressOf, readAll } from './campaigns.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';

describe('SmsCampaigns.create', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let pool: Pool;
  let app: Awaited<ReturnType<typeof startApp>>;
  let campaigns: SmsCampaigns;
  let keys = 0;

  beforeAll(async () => {
    database = await startDatabase();
    pool = new Pool({ connectionString: database.url });
    pool.on('error', () => undefined);
    // No process sends.
    app = await startApp({ url: 'http://127.0.0.1:1/v3' }, { database: database.url, worker: false });
    campaigns = app.get(SmsCampaigns);
  });

  afterAll(async () => {
    await app.close();
    await pool.end();
    await database.close();
  });

  const keyed = (more: Partial<NewCampaign>) => campaignOf({ idempotencyKey: `key ${keys}`, ...more });
  const only = async () => (await campaigns.list({ limit: 1 }))[0]!;
  const stored = async () => (await only()).total;
  /** As one string, for speed. */
  const numbersOf = async (id: string) =>
    (await readAll(campaigns.listResults(id))).map(({ number }) => number).join('\n');

  beforeEach(() => {
    keys++;
  });

  it('returns the same campaign for the same key and source', async () => {
    const first = await campaigns.create(keyed({ recipients: numbers(3) }));
    const second = await campaigns.create(keyed({ recipients: numbers(3), priority: 0, duplicates: 'keep' }));
    expect(first.isNew).toBe(true);
    expect(second).toEqual({ id: first.id, isNew: false });
  });

  it.each<Partial<NewCampaign>>([
    { name: 'x' },
    { content: 'x' },
    { senderId: 'x' },
    { sendAt: 'now' },
    { sendAt: undefined },
    { sendAt: new Date('2099-01-01T00:00:01Z') },
    { priority: 3 },
    { duplicates: 'reject' },
  ])('rejects a campaign with %j under the key of another one, complete or not', async (other) => {
    const sendAt = new Date('2099-01-01T00:00:00Z');
    const stored = keyed({ recipients: numbers(3), sendAt });
    const { id } = await campaigns.create(stored);
    const failure = await failureOf(campaigns.create({ ...stored, recipients: numbers(3), ...other }));
    keys++;
    const half = keyed({ recipients: failing(1_001), sendAt });
    await failureOf(campaigns.create(half));
    const refusedHalf = await failureOf(campaigns.create({ ...half, recipients: numbers(1_001), ...other }));
    const reused = expect.objectContaining({ code: 'OUTBOX_KEY_REUSED', outcome: 'rejected' });
    expect(failure).toEqual(reused);
    expect(refusedHalf).toEqual(reused);
    expect(await campaigns.getProgress(id)).toMatchObject({ state: 'scheduled', total: 3 });
  });

  it('rejects a time long past unless the campaign was created in time, and takes a time just past as now', async () => {
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    const late = await failureOf(campaigns.create(keyed({ recipients: numbers(1), sendAt: minutesAgo(6) })));
    expect(late).toMatchObject({
      issues: [{ field: 'sendAt', problem: 'is more than 5 minutes in the past: give a later time' }],
    });
    const sendAt = minutesAgo(4);
    const { id } = await campaigns.create(keyed({ recipients: numbers(1), sendAt }));
    const { startsAt, createdAt } = (await campaigns.find(id))!;
    expect(startsAt!.getTime()).toBeGreaterThanOrEqual(createdAt.getTime());
    const clock = jest.spyOn(ProcessClock.prototype, 'wall').mockImplementation(() => Date.now() + 3_600_000);
    try {
      expect(await campaigns.create(keyed({ recipients: numbers(1), sendAt }))).toEqual({ id, isNew: false });
    } finally {
      clock.mockRestore();
    }
  });

  it.each([
    ['another number', [...numbers(1_000), '918563210001']],
    ['another order', [...numbers(1_001)].reverse()],
    ['an order id', [...numbers(1_000), { number: '918500001000', orderId: 'x' }]],
    ['one entry more', [...numbers(1_002)]],
    ['one entry less', [...numbers(1_000)]],
    ['an invalid entry', [...numbers(1_001), 'x']],
    ['no entries', []],
  ])('rejects a source with %s under the key of a stored campaign', async (_, recipients) => {
    const { id } = await campaigns.create(keyed({ recipients: numbers(1_001) }));
    await expect(campaigns.create(keyed({ recipients }))).rejects.toMatchObject({
      code: 'OUTBOX_SOURCE_CHANGED',
      message: `The source differs from the stored recipients of campaign ${id} with this idempotency key; nothing was added`,
    });
    expect(await numbersOf(id)).toBe([...numbers(1_001)].join('\n'));
  });

  it('does not read the source again for the key of a campaign that was cancelled during its creation', async () => {
    await failureOf(campaigns.create(keyed({ recipients: failing(1_001) })));
    const { id } = await only();
    await campaigns.cancel(id);
    expect(await campaigns.create(keyed({ recipients: failing(0) }))).toEqual({ id, isNew: false });
  });

  it('keeps what it has read from a source that throws, and continues with it', async () => {
    const cause = new Error('the file ended');
    const error = await failureOf(campaigns.create(keyed({ recipients: failing(33_500, cause), sendAt: 'now' })));
    const half = await only();
    const { id, isNew } = await campaigns.create(keyed({ recipients: numbers(34_001), sendAt: 'now' }));
    expect(error).toEqual(expect.objectContaining({ code: 'OUTBOX_SOURCE_FAILED', cause }));
    expect(half.state).toBe('creating');
    expect(half.total).toBe(33_000);
    expect(id).toEqual(half.id);
    expect(isNew).toBe(true);
    expect(await campaigns.getProgress(id)).toEqual(progressOf(id, 'running', { total: 34_001, pending: 34_001 }));
    expect(await numbersOf(id)).toBe([...numbers(34_001)].join('\n'));
  });

  it('rejects order ids copied from results, so no report finds the wrong campaign', async () => {
    const [first, second] = numbers(2);
    const { id } = await campaigns.create(campaignOf({ recipients: [first!, second!] }));
    const results = await readAll(campaigns.listResults(id));
    const given = results.map(({ number = '', orderId }) => ({ number, orderId }));
    const again = await campaigns.create(campaignOf({ recipients: [...given, { number: first!, orderId: 'mine' }] }));
    const reason = 'orderId must be your own: an outbox made this one for another message, so leave it out';
    expect((await readAll(campaigns.listResults(again.id))).map(({ state, reason }) => [state, reason])).toEqual([
      ['invalid', reason],
      ['invalid', reason],
      ['pending', undefined],
    ]);
  });

  it('cancels a campaign that no call can continue', async () => {
    await failureOf(campaigns.create(campaignOf({ recipients: failing(2_500) })));
    const { id, total, state } = await only();
    expect(total).toBe(2_000);
    expect(state).toBe('cancelled');
    expect((await campaigns.getProgress(id)).cancelled).toBe(2_000);
  });

  it.each([
    ['another number', [...numbers(1_999), '918563210001', '918563210002']],
    ['another order id', [...numbers(1_999), { number: '918500001999', orderId: 'x' }, '918563210002']],
    ['fewer entries', [...numbers(1_500)]],
    ['an end at a stored chunk', [...numbers(1_000)]],
    ['no entries', []],
  ])('rejects a source that yields %s the second time', async (_, recipients) => {
    await failureOf(campaigns.create(keyed({ recipients: failing(2_001) })));
    await expect(campaigns.create(keyed({ recipients }))).rejects.toMatchObject({ code: 'OUTBOX_SOURCE_CHANGED' });
    const { state, total } = await only();
    expect(state).toBe('creating');
    expect(total).toBe(2_000);
  });

  it('lets one creator at a time hold a key', async () => {
    const gate = gated(2_000);
    const first = campaigns.create(keyed({ recipients: gate.source }));
    await until(async () => (await stored()) >= 0 && gate.isWaiting());
    await expect(campaigns.create(keyed({ recipients: numbers(1) }))).rejects.toMatchObject({
      code: 'OUTBOX_CAMPAIGN_BUSY',
    });
    gate.open();
    const { id } = await first;
    const again = [...numbers(2_000), ...numbers(40_000)];
    expect(await campaigns.create(keyed({ recipients: again }))).toEqual({ id, isNew: false });
  });

  it('continues after its creator has died, which writes nothing more if it was only slow', async () => {
    const gate = gated(33_000);
    const slow = failureOf(campaigns.create(keyed({ recipients: gate.source })));
    await until(gate.isWaiting);
    await until(async () => (await stored()) === 32_000);
    const { id, isNew } = await whenFree(async () => {
      // As if the creator had given no sign of life for long.
      await pool.query(`update laaffic_outbox.campaign set creator_seen_at = creator_seen_at - interval '1 minute'
        where state = 'creating' and idempotency_key = 'key ${keys}'`);
      return campaigns.create(keyed({ recipients: numbers(33_000) }));
    });
    gate.open();
    expect(isNew).toBe(true);
    expect(await slow).toEqual(expect.objectContaining({ code: 'OUTBOX_CAMPAIGN_BUSY', outcome: 'unknown' }));
    expect(gate.isClosed()).toBe(true);
    expect(await campaigns.getProgress(id)).toEqual({
      ...progressOf(id, 'draft', { total: 33_000, pending: 33_000 }),
      startedAt: undefined,
    });
    expect(await numbersOf(id)).toEqual([...numbers(33_000)].join('\n'));
  });

  it('keeps its key while its source yields nothing', async () => {
    const gate = gated(2, 0);
    const creation = campaigns.create(keyed({ recipients: gate.source }));
    await until(gate.isWaiting);
    const seen = async () => {
      const { rows } = await pool.query<{ at: Date }>(
        `select creator_seen_at as at from laaffic_outbox.campaign where idempotency_key = 'key ${keys}'`,
      );
      return rows[0]!.at.getTime();
    };
    const first = await seen();
    // Twice, because a lease that is renewed once ends all the same.
    for (const atLeast of [first + 1_000, first + 4_000]) await until(seen, (at) => at > atLeast);
    await expect(campaigns.create(keyed({ recipients: numbers(2) }))).rejects.toMatchObject({
      code: 'OUTBOX_CAMPAIGN_BUSY',
    });
    gate.open();
    expect((await creation).isNew).toBe(true);
  });

  it('frees its key at once when its source fails', async () => {
    await failureOf(campaigns.create(keyed({ recipients: failing(1_500) })));
    expect((await campaigns.create(keyed({ recipients: numbers(1_500) }))).isNew).toBe(true);
  });

  it('lets one of two calls create that begin at the same time', async () => {
    const calls = [1, 2, 3].map(() => campaigns.create(keyed({ recipients: numbers(2) })));
    const ends = await Promise.allSettled(calls);
    const created = ends.flatMap((end) => (end.status === 'fulfilled' && end.value.isNew ? [end.value.id] : []));
    const others = ends
      .filter((end) => end.status === 'rejected')
      .map(({ reason }) => (reason as { code: string }).code);
    expect(created).toHaveLength(1);
    expect(others.every((code) => code === 'OUTBOX_CAMPAIGN_BUSY')).toBe(true);
    expect(await campaigns.getProgress(created[0]!)).toMatchObject({ total: 2, pending: 2 });
  });

  it('is cancelled without a key when its creator has given no sign of life for ten minutes', async () => {
    const gate = gated(2_001, 0);
    const lost = failureOf(campaigns.create(campaignOf({ name: 'lost', recipients: gate.source })));
    const kept = gated(2_001, 0);
    const keeping = failureOf(campaigns.create(keyed({ name: 'kept', recipients: kept.source })));
    await until(() => gate.isWaiting() && kept.isWaiting());
    // As if the processes were gone, for a little less than ten minutes, and a little more.
    await pool.query(`update laaffic_outbox.campaign set creator = creator || ' is gone', stored_entries = 0,
      creator_seen_at = clock_timestamp() - interval '9 minutes' where state = 'creating' and name in ('lost', 'kept')`);
    const worker = await startApp({ url: 'http://127.0.0.1:1/v3' }, { database: database.url });
    try {
      const stateOf = async (name: string) =>
        (await campaigns.list()).find((campaign) => campaign.name === name && campaign.state !== 'done')?.state;
      await worker.get(SmsCampaigns).create(campaignOf({ name: 'a round of maintenance', sendAt: 'now' }));
      await until(async () => (await stateOf('a round of maintenance')) === undefined);
      expect([await stateOf('lost'), await stateOf('kept')]).toEqual(['creating', 'creating']);
      await pool.query(`update laaffic_outbox.campaign set creator_seen_at = creator_seen_at - interval '2 minutes'
        where state = 'creating' and name in ('lost', 'kept')`);
      await until(async () => (await stateOf('lost')) === 'cancelled');
      expect(await stateOf('kept')).toBe('creating');
    } finally {
      await worker.close();
    }
    gate.open();
    kept.open();
    expect(await lost).toMatchObject({ code: 'OUTBOX_WRONG_STATE' });
    expect(await keeping).toMatchObject({ code: 'OUTBOX_CAMPAIGN_BUSY' });
  });

  it('needs no connection while the sources of any number of campaigns yield nothing', async () => {
    const gates = Array.from({ length: 40 }, () => gated(2, 0));
    const creations = gates.map(({ source }, i) =>
      campaigns.create(campaignOf({ idempotencyKey: `at once ${i}`, recipients: source })),
    );
    await until(() => gates.every(({ isWaiting }) => isWaiting()));
    // A session that breaks meanwhile is not missed.
    await pool.query(`select pg_terminate_backend(pid, 60000) from pg_stat_activity
      where datname = current_database() and application_name = 'nestjs-laaffic-outbox'`);
    for (const { open } of gates) open();
    const created = await Promise.all(creations);
    expect(created.filter(({ isNew }) => isNew)).toHaveLength(40);
    const { rows } = await pool.query(`select from pg_stat_activity
      where datname = current_database() and application_name = 'nestjs-laaffic-outbox' and query like '%campaign%'`);
    // Two at once create, and more connections are for the other calls.
    expect(rows.length).toBeLessThanOrEqual(9);
  });

  it('stops reading the source of a cancelled campaign', async () => {
    const gate = gated(40_000);
    const creation = failureOf(campaigns.create(keyed({ recipients: gate.source })));
    await until(gate.isWaiting);
    await until(async () => (await stored()) === 32_000);
    const { id } = await only();
    await campaigns.cancel(id, 'a person');
    gate.open();
    expect(await creation).toEqual(expect.objectContaining({ code: 'OUTBOX_WRONG_STATE' }));
    expect(gate.isClosed()).toBe(true);
    expect(await campaigns.getProgress(id)).toEqual({
      ...progressOf(id, 'cancelled', { total: 32_000, cancelled: 32_000 }),
      startedAt: undefined,
      doneAt: undefined,
    });
    expect(await campaigns.create(keyed({ recipients: [] }))).toEqual({ id, isNew: false });
  });

  it('reads no further than one batch ahead of what is stored', async () => {
    let most = 0;
    let read = 0;
    async function* source() {
      for (const number of numbers(100_000)) {
        if (++read % 32_000 === 1) most = Math.max(most, read - (read === 1 ? 0 : await stored()));
        yield number;
      }
    }
    await campaigns.create(keyed({ recipients: source() }));
    expect(most).toBeLessThanOrEqual(64_001);
  });

  it('records in the history who did what', async () => {
    const { id } = await campaigns.create(keyed({ recipients: numbers(1), sendAt: new Date(Date.now() + 60_000) }));
    await campaigns.pause(id, 'ada');
    await campaigns.resume(id, 'bob');
    await campaigns.start(id, 'cy');
    await campaigns.cancel(id, 'di');
    const { rows } = await pool.query<{ line: string }>(
      `select event || ' by ' || actor as line from laaffic_outbox.history where campaign_id = $1 and chunk_id is null order by id`,
      [id],
    );
    expect(rows.map(({ line }) => line)).toEqual([
      'creating by app',
      'scheduled by app',
      'paused by ada',
      'scheduled by bob',
      'running by cy',
      'cancelled by di',
    ]);
  });
});

function* failing(after: number, cause = new Error('failed')): Generator<string, void, undefined> {
  yield* numbers(after);
  throw cause;
}

/**
 * A source with this many numbers. The first time it does not yield the last one; when it is opened again, it yields
 * that one and more.
 */
function gated(count: number, more = 40_000) {
  const gate = { isWaiting: false, isClosed: false, open: (): void => undefined };
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve;
  });
  async function* source() {
    try {
      let i = 0;
      for (const number of numbers(count)) {
        if (++i === count) {
          gate.isWaiting = true;
          await opened;
        }
        yield number;
      }
      // A caller that continues to read never reaches an end.
      for (const number of numbers(more)) yield number;
    } finally {
      gate.isClosed = true;
    }
  }
  return { source: source(), open: gate.open, isWaiting: () => gate.isWaiting, isClosed: () => gate.isClosed };
}

/** Retries while the lock of a dead connection is still held. */
async function whenFree<T>(call: () => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  await until(async () => {
    result = await call().then(
      (value) => ({ value }),
      () => undefined,
    );
    return result !== undefined;
  });
  return result!.value;
}
