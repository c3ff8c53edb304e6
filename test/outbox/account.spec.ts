import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

/** Nothing in these tests may time out. */
const PATIENT = { ...SHORT, startWithinMs: 4_000, timeoutMs: 10_000, leaseMs: 15_000 };

describe('the account control', () => {
  let stage: Stage;
  let outbox: SmsOutbox;
  const BULK = { lane: 'bulk' } as const;

  // Two workers on one database.
  beforeAll(async () => {
    stage = await Stage.set();
    ({ outbox } = await stage.app({ timing: PATIENT }));
    await stage.app({ timing: PATIENT });
  });
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  const many = (count: number) =>
    Promise.all(numbers(count).map((to, i) => outbox.enqueue({ to, content: 'hello' }, i % 2 === 0 ? {} : BULK)));
  const sentTo = () => stage.sandbox.messages.map(({ number }) => number).sort();
  const accepted = (count: number) =>
    until(
      () => stage.sums(),
      (sums) => sums?.['accepted'] === count,
    );
  const paused = () =>
    until(
      () => stage.account(),
      (account) => account?.['paused'] === true,
    );
  /** Makes the probe due at once. */
  const probe = async () => {
    await until(
      () => stage.query(`select from chunk where state = 'sending'`),
      (sending) => sending.length === 0,
    );
    await stage.makeDue('account_rejected_at is not null');
    await stage.query('update account set probe_at = clock_timestamp()');
  };
  const accountEvents = async () =>
    (await stage.query<{ event: string }>('select event from history where chunk_id is null order by id')).map(
      ({ event }) => event,
    );

  it.each([
    [-1, 'AUTHENTICATION_FAILED'],
    [-2, 'IP_RESTRICTED'],
    [-10, 'INSUFFICIENT_BALANCE'],
    [-13, 'USER_LOCKED'],
    [-19, 'PRICING_NOT_CONFIRMED'],
    [-29, 'WORKSPACE_DISABLED'],
    [-30, 'KEY_DISABLED'],
    [-31, 'IP_NOT_WHITELISTED'],
    [-32, 'KEY_WITHOUT_RIGHT'],
  ])('pauses the account for all workers on status %i, and loses nothing', async (status, code) => {
    stage.sandbox.script({ status, reason: 'not now', times: Infinity });
    await many(30);
    await paused();
    await until(
      () => stage.query(`select state::text, count(*)::int from chunk group by state`),
      (rows) => JSON.stringify(rows) === '[{"state":"pending","count":30}]',
    );
    const before = stage.sandbox.requests.length;
    expect(before).toBeLessThanOrEqual(30);
    expect(await stage.account()).toEqual({
      ...{ code: `LAAFFIC_${code}`, reason: 'not now' },
      ...{ paused: true, probes: 0, slow: null },
    });

    // A failed probe is one request, and the next one is later.
    await until(
      async () => {
        await stage.makeDue();
        await stage.query('update account set probe_at = clock_timestamp() where probes = 0');
        return stage.account();
      },
      (account) => account?.['probes'] === 1,
    );
    const wait = () =>
      stage.query<{ ms: number }>(
        'select extract(epoch from probe_at - clock_timestamp())::float8 * 1000 as ms from account',
      );
    await until(wait, ([row]) => row !== undefined && row.ms > 10_000 && row.ms <= 20_000);
    expect(stage.sandbox.requests.length).toBe(before + 1);

    stage.sandbox.reset();
    await probe();
    await accepted(30);
    expect(sentTo()).toEqual(numbers(30));
    expect(await stage.account()).toEqual({ code: null, reason: null, paused: false, probes: 0, slow: null });
    expect(await accountEvents()).toEqual(['account paused', 'account resumed']);
  });

  it('doubles the time after each failed probe, up to five minutes', async () => {
    stage.sandbox.script({ status: -10, times: Infinity });
    await many(1);
    await paused();
    const waits: number[] = [];
    for (let probes = 1; probes <= 7; probes++) {
      await probe();
      const [row] = await until(
        () =>
          stage.query<{ probes: number; s: number; failed: number }>(
            `select probes, extract(epoch from probe_at - clock_timestamp())::float8 as s,
              (select count(*)::int from history where event like 'released%') as failed from account`,
          ),
        ([seen]) => seen?.probes === probes && seen.failed === probes + 1,
      );
      waits.push(Math.round((row?.s ?? 0) / 10) * 10);
    }
    expect(waits).toEqual([20, 40, 80, 160, 300, 300, 300]);
    expect(stage.sandbox.requests).toHaveLength(8);
  });

  it('keeps the account paused when requests in flight succeed, except for the probe', async () => {
    stage.sandbox.script([{ responseDelayMs: 200 }, { status: -10 }]);
    await outbox.enqueue({ to: numbers(1), content: 'slow' });
    await until(
      () => stage.sandbox.requests.length,
      (count) => count === 1,
    );
    await outbox.enqueue({ to: numbers(1, 1), content: 'rejected' });
    await paused();
    await accepted(1);
    expect((await stage.account())?.['paused']).toBe(true);
    await probe();
    await accepted(2);
  });

  it.each([
    [{ status: -15 }, 'LAAFFIC_TOO_FREQUENT', 1_000],
    [{ status: -27 }, 'LAAFFIC_TOTAL_LIMIT', 60_000],
    [{ fault: 'html', httpStatus: 429 }, 'LAAFFIC_TOO_FREQUENT', 1_000],
  ] as const)('slows all workers down on %j, and then continues', async (step, code, delay) => {
    stage.sandbox.script(step);
    const { id } = await outbox.enqueue({ to: numbers(1), content: 'hello' });
    await until(
      () => stage.events(id),
      (events) => events.at(-1) === `released ${code}`,
    );
    // Lasts until the other messages have been enqueued, however long that takes.
    const [row] = await stage.query<{ ms: number }>(
      `update account set backoff_until = backoff_until + interval '1 hour' returning
        extract(epoch from backoff_until - interval '1 hour' - (select max(at) from history))::float8 * 1000 as ms`,
    );
    expect(row?.ms).toBeGreaterThan(delay - 900);
    expect(row?.ms).toBeLessThanOrEqual(delay);
    await many(10);
    expect(stage.sandbox.requests).toHaveLength(1);
    expect((await stage.account())?.['paused']).toBe(false);
    await stage.makeDue();
    await stage.query('update account set backoff_until = null');
    await accepted(11);
    expect(sentTo()).toEqual([...numbers(10), ...numbers(1)].sort());
  });

  it('forgets a limit that is over, whichever process met it', async () => {
    await stage.query('update account set backoff_level = 8, backoff_until = clock_timestamp()');
    await many(1);
    await accepted(1);
    expect(await stage.query('select backoff_level from account')).toEqual([{ backoff_level: 0 }]);
  });

  it('finds and keeps a limit of the gateway without losing or doubling anything', async () => {
    stage.sandbox.configure({ quirks: { maxRequestsPerSecond: 10, tooManyRequests: -15 } });
    await many(30);
    await until(
      async () => {
        // Requested pauses are tested above.
        await stage.makeDue();
        await stage.query(
          `update account set backoff_until = least(backoff_until, clock_timestamp() + interval '50 milliseconds')`,
        );
        return stage.sums();
      },
      (sums) => sums?.['accepted'] === 30,
    );
    stage.sandbox.configure({ quirks: { maxRequestsPerSecond: null } });
    expect(sentTo()).toEqual(numbers(30));
    expect(stage.sandbox.requests.length).toBeGreaterThan(30);
  });

  it('does not affect another account in the same schema', async () => {
    stage.sandbox.configure({ rejectionRules: [{ number: '918563000000', status: -10 }] });
    await stage.query(`insert into account (id) values ('other') on conflict do nothing`);
    await many(1);
    await paused();
    expect(await stage.query(`select id, paused_code as code from account order by id`)).toEqual([
      { id: '4luaKsL2', code: 'LAAFFIC_INSUFFICIENT_BALANCE' },
      { id: 'other', code: null },
    ]);
    await stage.query(`delete from account where id = 'other'`);
  });
});
