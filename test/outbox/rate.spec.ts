import fc from 'fast-check';
import type { SmsOutbox } from 'nestjs-laaffic-outbox';
import type { QueryResultRow } from 'pg';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

const BULK = { lane: 'bulk' } as const;

interface Claimed {
  readonly chunk_id: string | null;
  readonly chunk_size: number;
  readonly chunk_numbers: string;
  readonly wait_ms: number | null;
}

interface Load {
  readonly at: number;
  readonly weight: number;
  readonly numbers: string;
}

const weightOf = ({ weight }: Load) => weight;

/** The largest total in any second. */
function busiestSecond(loads: readonly Load[]): number {
  let [most, sum, begin] = [0, 0, 0];
  for (const load of loads) {
    sum += load.weight;
    while (load.at - (loads[begin]?.at ?? 0) >= 1_000) sum -= loads[begin++]?.weight ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}

describe('the rate', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
  });
  afterEach(() => stage.stop());
  afterAll(() => stage.close());

  /** Three workers on one database. */
  async function workers(schema: string, rate: { recipientsPerSecond?: number; requestsPerSecond?: number }) {
    const options = { schema, rate, timing: { ...SHORT, startWithinMs: 5_000, timeoutMs: 5_000, leaseMs: 11_000 } };
    const [first] = await Promise.all([stage.app(options), stage.app(options), stage.app(options)]);
    stage.sandbox.reset();
    const loads = () =>
      stage.sandbox.requests.map(({ at, body }): Load => {
        const { numbers } = body as { numbers: string };
        return { at, weight: numbers.split(',').length, numbers };
      });
    /** When the requests were claimed, according to the database. */
    const claims = () =>
      stage.query<Load & Record<string, unknown>>(
        `select extract(epoch from sent_at)::float8 * 1000 as at, size as weight, trim(both ',' from numbers) as numbers
          from chunk where sent_at is not null order by 1`,
        [],
        schema,
      );
    /**
     * At most a tenth more than the rate in any second. At the gateway it is more, because the machine delays requests
     * on the way.
     */
    const expectKept = async (rate: number, weigh: (load: Load) => number) => {
      const weighed = (list: readonly Load[]) => list.map((load) => ({ ...load, weight: weigh(load) }));
      const [claimed, arrived] = [await claims(), loads()];
      const letGo = new Map(claimed.map(({ numbers, at }) => [numbers, at]));
      expect(new Set(arrived.map(({ numbers }) => numbers))).toEqual(new Set(letGo.keys()));
      expect(arrived).toHaveLength(claimed.length);
      expect(busiestSecond(weighed(claimed))).toBeLessThanOrEqual(1.1 * rate);
      const delays = arrived.map(({ numbers, at }) => at - letGo.get(numbers)!);
      const heldUp = (Math.max(...delays) - Math.min(...delays)) / 1_000;
      expect(busiestSecond(weighed(arrived))).toBeLessThanOrEqual(1.1 * rate * (1 + heldUp) + 1);
    };
    return { outbox: first.outbox, loads, expectKept };
  }

  /** The work in a second as a share of the rate, in the half of the run with the fewest delays by the machine. */
  const used = (loads: readonly Load[], rate: number, weigh: (load: Load) => number) => {
    const half = Math.ceil(loads.length / 2);
    const shares = loads.slice(half).map((last, first) => {
      const done = loads.slice(first + 1, first + half + 1).reduce((sum, load) => sum + weigh(load), 0);
      return done / ((last.at - loads[first]!.at) / 1_000) / rate;
    });
    return Math.max(...shares);
  };

  it('of recipients is kept over all workers and nearly used up, and large messages are split to fit', async () => {
    const { outbox, loads, expectKept } = await workers('recipients', { recipientsPerSecond: 300 });
    const to = numbers(1_000);
    const { id } = await outbox.enqueue({ to, content: 'hello' }, BULK);
    const found = await until(
      () => outbox.find(id),
      (message) => message?.recipients.every(({ state }) => state === 'accepted') === true,
    );
    expect(found?.recipients.map(({ number, position }) => [number, position])).toEqual(to.map((one, i) => [one, i]));
    expect(stage.sandbox.messages.map(({ number }) => number).sort()).toEqual(to);
    await expectKept(300, weightOf);
    expect(used(loads(), 300, weightOf)).toBeGreaterThan(0.5);
    const [sums] = await stage.query(
      'select sum(size)::int as n, sum(accepted)::int as accepted from chunk',
      [],
      'recipients',
    );
    expect(sums).toEqual({ n: 1_000, accepted: 1_000 });
  });

  it('of requests is kept over all workers and nearly used up', async () => {
    const { outbox, loads, expectKept } = await workers('requests', { requestsPerSecond: 20 });
    await Promise.all(numbers(80).map((to) => outbox.enqueue({ to, content: 'hello' }, BULK)));
    await until(
      () => stage.sandbox.messages.length,
      (count) => count === 80,
    );
    await expectKept(20, () => 1);
    expect(used(loads(), 20, () => 1)).toBeGreaterThan(0.5);
  });

  /** How long each message took from its call to the start of its request, in milliseconds. */
  async function waits(outbox: SmsOutbox, count: number): Promise<number[]> {
    const begun: Promise<[string, number]>[] = [];
    for (let i = 0; i < count; i++) {
      const to = String(447_000_000_000 + i);
      begun.push(outbox.enqueue({ to, content: 'code' }).then(() => [to, Date.now()]));
      await until(
        () => stage.sandbox.requests.length,
        (seen) => seen > i * 3,
      );
    }
    const called = new Map(await Promise.all(begun));
    await until(
      () => stage.sandbox.messages.filter(({ number }) => called.has(number)).length,
      (seen) => seen === count,
    );
    return stage.sandbox.messages.flatMap(({ number, at }) => {
      const from = called.get(number);
      return from === undefined ? [] : [at - from];
    });
  }

  it('lets priority messages through while a bulk backlog is limited', async () => {
    const { outbox, loads, expectKept } = await workers('lanes', { recipientsPerSecond: 300, requestsPerSecond: 20 });
    await outbox.enqueue({ to: numbers(1_000), content: 'hello' }, BULK);
    await until(
      () => loads().length,
      (count) => count > 3,
    );
    const passed = await waits(outbox, 12);
    expect(passed).toHaveLength(12);
    expect(Math.max(...passed)).toBeLessThan(800);
    const [open] = await stage.query<{ n: number }>(
      `select count(*)::int as n from chunk where state = 'pending'`,
      [],
      'lanes',
    );
    // There was a backlog all the time.
    expect(open?.n).toBeGreaterThan(0);
    await until(
      () => stage.sandbox.messages.length,
      (count) => count === 1_012,
    );
    await expectKept(300, weightOf);
    await expectKept(20, () => 1);
  });

  it.each([
    ['paused', 0],
    ['limited to small requests', 1],
  ])('reserves nothing for a priority lane that is %s', async (_, size) => {
    const schema = `kept_${size}`;
    const { outbox } = await workers(schema, { recipientsPerSecond: 300 });
    await stage.query(
      `insert into lane_limit (account, lane, max_size, target_size, reason, probe_at)
        select id, 'priority', $1, 1000, 'silence', clock_timestamp() + interval '1 hour' from account`,
      [size],
      schema,
    );
    // Without its limit it would be sent first.
    const waiting = await outbox.enqueue({ to: numbers(1_000), content: 'a list' });
    const bulk = await outbox.enqueue({ to: numbers(1, 900), content: 'hello' }, BULK);
    await until(
      () => outbox.find(bulk.id),
      (message) => message?.recipients[0]?.state === 'accepted',
    );
    const states = new Set((await outbox.find(waiting.id))?.recipients.map(({ state }) => state));
    expect(states.has('pending')).toBe(true);
  });

  it('limits a flood of priority messages too', async () => {
    const { outbox, loads, expectKept } = await workers('flood', { recipientsPerSecond: 300, requestsPerSecond: 50 });
    await Promise.all(numbers(150).map((to) => outbox.enqueue({ to, content: 'hello' })));
    await until(
      () => stage.sandbox.messages.length,
      (count) => count === 150,
    );
    await expectKept(50, () => 1);
    expect(used(loads(), 50, () => 1)).toBeGreaterThan(0.5);
  });

  // What one second gives to a worker that claims when told to, but this many milliseconds late.
  it.each([
    [300, null, 0],
    [300, null, 20],
    [3_000, null, 20],
    [null, 20, 0],
    [null, 20, 2],
    [null, 100, 10],
    [300, 20, 2],
  ])(
    'of %p recipients and %p requests is nearly used up by a bulk lane that is %i ms late',
    async (recipients, requests, late) => {
      await stage.app({ schema: 'late', worker: false });
      const query = <R extends QueryResultRow>(text: string, params: unknown[] = []) =>
        stage.query<R>(text, params, 'late');
      await query('truncate chunk cascade');
      await query(`insert into rate_grant (account, recipients_left, requests_left) values ('4luaKsL2', 0, 0)`);
      const size = recipients === null ? 1 : 1_000;
      await query(
        `insert into chunk (account, lane, size, numbers, content)
        select '4luaKsL2', 'bulk', $1::int, array_to_string(array_fill('918563000000'::text, array[$1::int]), ','), 'x'
        from generate_series(1, $2::int)`,
        [size, recipients === null ? 400 : Math.ceil((recipients * 3) / 1_000)],
      );
      let [passed, taken, times] = [0, 0, 0];
      const begun = performance.now();
      for (let wait = 1; passed < 2_000;) {
        passed += wait + late;
        const rows = await query<Claimed>(
          `with now as (update rate_grant set granted_at = granted_at - $1 * interval '1 millisecond') select 1`,
          [wait + late],
        ).then(() =>
          query<Claimed>(`select * from claim_chunks('4luaKsL2', 'test', 'bulk', 6, $1, $2, 0.06, 0.2, 1000, 10000)`, [
            recipients,
            requests,
          ]),
        );
        const claimed = rows.filter(({ chunk_id }) => chunk_id !== null);
        taken += claimed.reduce((sum, { chunk_size }) => sum + chunk_size, 0);
        times += claimed.length;
        wait = rows.at(-1)?.wait_ms ?? 1;
      }
      const earned = Math.max(taken / (recipients ?? Infinity), times / (requests ?? Infinity)) * 1_000;
      expect(earned / passed).toBeGreaterThan(0.8);
      // More was earned while the statements ran.
      expect(earned / (passed + performance.now() - begun)).toBeLessThan(1.1);
    },
  );

  it('never grants more than was earned, in any order of claims, and never waits longer than it takes to earn it', async () => {
    await stage.app({ schema: 'property', worker: false });
    const step = fc.record({
      lane: fc.constantFrom('priority', 'bulk'),
      limit: fc.integer({ min: 1, max: 30 }),
      /** Milliseconds since the last claim. */
      passed: fc.integer({ min: 0, max: 2_000 }),
    });
    const run = fc.record({
      recipients: fc.option(fc.double({ min: 0.5, max: 2_000, noNaN: true })),
      requests: fc.option(fc.double({ min: 0.5, max: 200, noNaN: true })),
      share: fc.double({ min: 0, max: 0.9, noNaN: true }),
      sizes: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }),
      steps: fc.array(step, { minLength: 1, maxLength: 8 }),
    });
    const burst = 0.06;
    const property = fc.asyncProperty(run, async ({ recipients, requests, share, sizes, steps }) => {
      await stage.query(
        `with gone as (delete from chunk), freed as (
            delete from rate_grant
          ) select 1`,
        [],
        'property',
      );
      for (const [i, size] of sizes.entries()) {
        const lane = i % 2 === 0 ? 'bulk' : 'priority';
        await stage.query(
          `insert into chunk (account, lane, size, numbers, content) values ('4luaKsL2', $1::lane, $2, $3, 'x')`,
          [lane, size, numbers(size, i * 1_000).join()],
          'property',
        );
      }
      const whole = sizes.reduce((sum, size) => sum + size, 0);
      const begun = performance.now();
      let [earned, taken, times] = [0, 0, 0];
      for (const { lane, limit, passed } of steps) {
        earned += passed;
        await stage.query(
          `update rate_grant set granted_at = granted_at - $1 * interval '1 millisecond'`,
          [passed],
          'property',
        );
        const rows = await stage.query<Claimed>(
          `select * from claim_chunks('4luaKsL2', 'test', $1::lane, $2, $3, $4, $5, $6, 1000, 10000)`,
          [lane, limit, recipients, requests, burst, share],
          'property',
        );
        for (const row of rows) {
          if (row.chunk_id === null) {
            const slowest = Math.max(
              recipients === null ? 0 : Math.max(1, recipients * burst) / recipients,
              requests === null ? 0 : Math.max(1, requests * burst) / requests,
            );
            expect(row.wait_ms).toBeGreaterThan(0);
            expect(row.wait_ms).toBeLessThanOrEqual(Math.max(20, Math.ceil(slowest * 1_000)));
            continue;
          }
          expect(row.chunk_numbers.split(',').filter((one) => one !== '')).toHaveLength(row.chunk_size);
          taken += row.chunk_size;
          times += 1;
        }
        const seconds = (earned + performance.now() - begun) / 1_000;
        if (recipients !== null)
          expect(taken).toBeLessThanOrEqual(Math.max(1, recipients * burst) + seconds * recipients + 1e-6);
        if (requests !== null)
          expect(times).toBeLessThanOrEqual(Math.max(1, requests * burst) + seconds * requests + 1e-6);
      }
      const [left] = await stage.query<{ n: number; sending: number }>(
        `select sum(size)::int as n, coalesce(sum(size) filter (where state = 'sending'), 0)::int as sending from chunk`,
        [],
        'property',
      );
      expect(left).toEqual({ n: whole, sending: taken });
    });
    await fc.assert(property, { numRuns: 40, plugins: [fc.interruptAfterTimeLimit(20_000)] });
  });

  it('splits a chunk that counts more recipients than it has without a loop or a loss', async () => {
    const { outbox } = await stage.app({ schema: 'short', worker: false });
    const { id } = await outbox.enqueue({ to: numbers(3), content: 'x' });
    await stage.query('update chunk set size = 5', [], 'short');
    const claimed = await stage.query<Claimed>(
      `select * from claim_chunks('4luaKsL2', 'test', 'priority', 6, 4, null, 1, 0, 1000, 10000)`,
      [],
      'short',
    );
    expect(claimed.map(({ chunk_size, chunk_numbers }) => [chunk_size, chunk_numbers])).toEqual([
      [3, numbers(3).join()],
    ]);
    expect(
      await stage.query('select id = $1 as whole, state::text, size from chunk order by id', [id], 'short'),
    ).toEqual([
      { whole: true, state: 'split', size: 0 },
      { whole: false, state: 'sending', size: 3 },
    ]);
  });
});
