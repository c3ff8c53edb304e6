import { SmsCampaigns, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { campaignOf } from './campaigns.js';
import { numbers, SHORT, Stage } from './stage.js';
import { until } from '../until.js';

jest.setTimeout(120_000);

/** Nothing in these tests may time out. */
const PATIENT = { ...SHORT, startWithinMs: 10_000, timeoutMs: 20_000, leaseMs: 40_000 };
const CODE = 'LAAFFIC_INSUFFICIENT_BALANCE';
/** The gateway always rejects this message with a code about the account. */
const POISON = 'poison [status:-10]';
const STRIKE = 'rejected while others were accepted';

describe('a message that the gateway rejects with a code about the account', () => {
  let stage: Stage;
  let outbox: SmsOutbox;
  let campaigns: SmsCampaigns;

  // Two workers on one database.
  beforeAll(async () => {
    stage = await Stage.set();
    const { app, outbox: first } = await stage.app({ timing: PATIENT });
    await stage.app({ timing: PATIENT });
    outbox = first;
    campaigns = app.get(SmsCampaigns);
  }, 60_000);
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  const poison = async (to: string | string[]) => (await outbox.enqueue({ to, content: POISON })).id;
  const sentTo = () => stage.sandbox.messages.map(({ number }) => number).sort();
  const accountEvents = async () =>
    (await stage.query<{ event: string }>('select event from history where chunk_id is null order by id')).map(
      ({ event }) => event,
    );
  const states = async (id: string) => (await outbox.find(id))?.recipients.map(({ state }) => state);
  const becomes = (id: string, state: string) =>
    until(
      () => states(id),
      (seen) => seen?.every((one) => one === state) === true,
      30_000,
    );
  const given = (id: string, times: number) =>
    until(
      async () => (await stage.events(id)).filter((event) => event === `released ${CODE}`).length,
      (count) => count === times,
      30_000,
    );
  const send = async (to: string) => {
    const { receipt } = await outbox.send({ to, content: 'hello' }, { timeoutMs: 30_000 });
    expect(receipt?.accepted.map(({ number }) => number)).toEqual([to]);
  };
  /** Makes delayed messages and probes due now. */
  const pass = async () => {
    await stage.query(
      `update chunk set due_at = clock_timestamp() where state = 'pending' and account_rejected_at is not null`,
    );
    await stage.query(`update campaign set retry_at = clock_timestamp() where retry_at is not null`);
    await stage.query(`update account set probe_at = clock_timestamp(), fresh_probe_at = clock_timestamp()
      where paused_at is not null`);
  };
  const paused = () =>
    until(
      async () => (await outbox.getStats()).paused,
      (pause) => pause !== undefined,
      30_000,
    );

  it('keeps the account paused while no other message is sent, and the stats name it', async () => {
    const id = await poison(numbers(1));
    await given(id, 1);
    for (let probes = 1; probes <= 5; probes++) {
      expect((await outbox.getStats()).paused).toEqual({
        ...{ code: CODE, reason: expect.any(String), since: expect.any(Date), probesAt: expect.any(Date) },
        ...{ messageId: id, campaignId: undefined },
      });
      await pass();
      await given(id, probes + 1);
    }
    expect(await states(id)).toEqual(['pending']);
    expect(await accountEvents()).toEqual(['account paused']);
    expect(await stage.query('select detail from history where chunk_id is null')).toEqual([
      { detail: expect.stringMatching(new RegExp(`^${CODE}: .* \\(message ${id}\\)$`)) },
    ]);
    expect(sentTo()).toEqual([]);
  });

  it('is rejected after three strikes while others are accepted, which wait for ten seconds once', async () => {
    const id = await poison(numbers(1));
    for (let probes = 0; probes < 5; probes++) {
      await given(id, probes + 1);
      await pass();
    }
    await given(id, 6);
    const [waits] = await stage.query<{ other: number; own: number }>(
      `select extract(epoch from a.fresh_probe_at - clock_timestamp())::float8 as other,
        extract(epoch from c.due_at - a.probe_at)::float8 as own from account a, chunk c`,
    );
    // However long the message has to wait, another one need not.
    expect(waits!.other).toBeLessThanOrEqual(10);
    expect(waits!.own).toBeGreaterThan(0);
    await stage.query('update account set fresh_probe_at = clock_timestamp()');
    await send('918563100001');
    // The resumed account sends it at once; then it waits ten seconds, then twenty.
    for (const [index, wait] of [10, 20].entries()) {
      await given(id, 7 + index);
      const [row] = await stage.query<{ wait: number }>(
        `select extract(epoch from due_at - account_rejected_at)::float8 as wait from chunk where id = $1`,
        [id],
      );
      expect(row!.wait).toBeGreaterThanOrEqual(wait);
      expect(row!.wait).toBeLessThan(wait + 5);
      await send(String(918_563_100_002 + index));
      await pass();
    }
    await becomes(id, 'rejected');
    expect((await outbox.find(id))?.recipients).toMatchObject([{ code: CODE, reason: expect.any(String) }]);
    const strikes = (await stage.events(id)).slice(-8);
    expect(strikes).toEqual([
      ...[`${STRIKE} 1 of 3: ${CODE}`, `released ${CODE}`, 'sending'],
      ...[`${STRIKE} 2 of 3: ${CODE}`, `released ${CODE}`, 'sending'],
      ...[`${STRIKE} 3 of 3: ${CODE}`, `rejected ${CODE}`],
    ]);
    expect((await outbox.getStats()).paused).toBeUndefined();
    expect(await accountEvents()).toEqual(['account paused', 'account resumed']);
    expect(sentTo()).toEqual(['918563100001', '918563100002', '918563100003']);
  });

  it('does not keep others from being sent once each, however many such messages there are', async () => {
    const ids = await Promise.all(numbers(6).map((to) => poison(to)));
    ids.push(await poison(numbers(50, 100)));
    const open = new Set(ids);
    const sent: string[] = [];
    for (let round = 0; open.size > 0 && round < 100; round++) {
      const to = String(918_563_200_000 + round);
      sent.push(to);
      const { id } = await outbox.enqueue({ to, content: 'hello' });
      await until(
        async () => {
          await pass();
          return states(id);
        },
        (seen) => seen?.[0] === 'accepted',
        30_000,
      );
      for (const one of open) if ((await states(one))?.every((state) => state === 'rejected')) open.delete(one);
    }
    expect([...open]).toEqual([]);
    expect(sentTo()).toEqual(sent);
    expect(await stage.sums()).toMatchObject({ accepted: sent.length, rejected: 56, unknown: 0 });
  });

  it('pauses its campaign without losing anything, while codes are sent', async () => {
    const recipients = numbers(3_000, 10_000);
    const { id } = await campaigns.create(campaignOf({ recipients, content: POISON, sendAt: 'now' }));
    expect(await paused()).toMatchObject({ code: CODE, messageId: undefined, campaignId: id });
    const sent: string[] = [];
    await until(
      async () => {
        sent.push(String(918_563_300_000 + sent.length));
        await pass();
        await send(sent.at(-1)!);
        return campaigns.find(id);
      },
      (campaign) => campaign?.state === 'paused',
      60_000,
    );
    expect(await campaigns.find(id)).toMatchObject({ pausedCode: CODE, pausedReason: expect.any(String) });
    await until(
      () => campaigns.getProgress(id),
      ({ pending }) => pending === 3_000,
    );
    expect((await outbox.getStats()).paused).toBeUndefined();
    expect(sentTo()).toEqual(sent);
    const events: string[] = [];
    for await (const { event, actor, detail } of campaigns.getHistory(id)) {
      if (event === 'paused' || event === STRIKE)
        events.push(`${event} by ${actor === 'gateway' ? actor : 'a worker'}: ${detail}`);
    }
    expect(events).toEqual([
      ...[1, 2, 3].map((strike) => `${STRIKE} by a worker: ${strike} of 3: ${CODE}`),
      expect.stringMatching(new RegExp(`^paused by gateway: ${CODE}: .`)),
    ]);
    // A resume starts the count again.
    await campaigns.resume(id, 'a person');
    expect(await campaigns.find(id)).toMatchObject({
      state: 'running',
      pausedCode: undefined,
      pausedReason: undefined,
    });
    await campaigns.cancel(id, 'a person');
    // Otherwise a request that is on its way takes the response that the next test wants for its own.
    await until(
      () => stage.query(`select from chunk where state = 'sending'`),
      (rows) => rows.length === 0,
    );
  });

  it('is sent at once when a person resumes the account', async () => {
    stage.sandbox.script({ status: -10 });
    const { id } = await outbox.enqueue({ to: numbers(1), content: 'hello' });
    await given(id, 1);
    expect(await outbox.resumeAccount('a person')).toBe(true);
    await becomes(id, 'accepted');
  });
});

describe('an insufficient balance that comes and goes', () => {
  let stage: Stage;
  let outbox: SmsOutbox;

  beforeAll(async () => {
    stage = await Stage.set();
    ({ outbox } = await stage.app({ timing: PATIENT }));
    await stage.app({ timing: PATIENT });
  }, 60_000);
  beforeEach(() => stage.clear());
  afterAll(() => stage.close());

  const enqueue = (count: number, first: number) =>
    Promise.all(numbers(count, first).map((to) => outbox.enqueue({ to, content: 'hello' })));
  const sentTo = () => stage.sandbox.messages.map(({ number }) => number).sort();
  const done = (count: number, look: () => Promise<unknown>) =>
    until(
      async () => {
        await look();
        return stage.sums();
      },
      (sums) => sums?.['accepted'] === count,
      60_000,
    );
  const pass = async () => {
    await stage.makeDue('account_rejected_at is not null');
    await stage.query(
      'update account set probe_at = clock_timestamp(), fresh_probe_at = clock_timestamp() where paused_at is not null',
    );
  };

  it('rejects no message, and each is sent once', async () => {
    for (let round = 1; round <= 5; round++) {
      stage.sandbox.configure({ rejectionRules: [{ content: 'hello', status: -10 }] });
      await enqueue(10, round * 10);
      const before = stage.sandbox.requests.length;
      // Several probes fail, with several messages.
      await until(
        async () => {
          await pass();
          return stage.sandbox.requests.length;
        },
        (count) => count >= before + 4,
        60_000,
      );
      stage.sandbox.configure({ rejectionRules: [] });
      await done(round * 10, pass);
    }
    expect(sentTo()).toEqual(numbers(50, 10));
    expect(await stage.sums()).toEqual({ n: 50, accepted: 50, rejected: 0, unknown: 0 });
  });

  it('rejects only messages with three strikes if every second request is rejected', async () => {
    stage.sandbox.script(Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? { status: -10 } : {})));
    const sent = await enqueue(30, 500);
    await until(
      async () => {
        await pass();
        return stage.sums();
      },
      (sums) => (sums?.['accepted'] ?? 0) + (sums?.['rejected'] ?? 0) === 30,
      60_000,
    );
    const accepted: string[] = [];
    for (const { id } of sent) {
      const [recipient] = (await outbox.find(id))!.recipients;
      if (recipient!.state === 'accepted') accepted.push(recipient!.number!);
      else expect((await stage.events(id)).filter((event) => event.startsWith(STRIKE))).toHaveLength(3);
    }
    expect(sentTo()).toEqual(accepted.sort());
    expect(accepted.length).toBeGreaterThan(20);
  });
});
