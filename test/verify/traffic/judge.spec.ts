import { judge, type GuardTarget, type Scenario, type StartRequest } from './judge.js';
import { unguarded } from './reference-targets.js';
import type { Start, StartOutcome } from './start.js';
import { DAY, MINUTE } from './time-units.js';

const FROM = Date.UTC(2026, 0, 5);

const user = (afterMs: number, changes: Partial<Start> = {}): Start => ({
  at: FROM + afterMs,
  number: '+4915112345678',
  country: 'DE',
  source: '10.0.0.1',
  isKnown: false,
  cost: 0.08,
  isAttack: false,
  willEnterCodeAfterMs: undefined,
  retryAfterMs: [],
  ...changes,
});
const bot = (afterMs: number, changes: Partial<Start> = {}) =>
  user(afterMs, { isAttack: true, cost: 0.1, number: '+994501234567', ...changes });

const scenarioOf = (starts: readonly Start[], changes: Partial<Scenario> = {}): Scenario => ({
  name: 'by hand',
  judgedFrom: FROM,
  traffic: () => ({ starts }),
  ...changes,
});

/** Gives the outcomes in turn, then sends. Records all calls, with times from the beginning. */
function recorder(...outcomes: StartOutcome[]) {
  const calls: string[] = [];
  const requests: StartRequest[] = [];
  const approved: StartRequest[] = [];
  let turn = 0;
  const target: GuardTarget = {
    advanceTo: (at) => void calls.push(`advance ${at - FROM}`),
    start(request) {
      const outcome = outcomes[turn++] ?? 'sent';
      requests.push(request);
      calls.push(`start ${request.at - FROM} ${outcome}`);
      return outcome;
    },
    approve(request) {
      approved.push(request);
      calls.push(`approve ${request.at - FROM}`);
    },
  };
  return { target, calls, requests, approved };
}

const NO_USERS = {
  users: 0,
  rejectedAtFirst: 0,
  rejectedAtFirstShare: 0,
  neverServed: 0,
  neverServedShare: 0,
  starts: 0,
  startsRejected: 0,
  startsRejectedShare: 0,
};
const NO_ATTACK = { starts: 0, sent: 0, cost: 0, unguardedCost: 0, costShare: 0 };

describe('judge', () => {
  it('replays starts and approvals in order of time', async () => {
    const { target, calls } = recorder();
    await judge(scenarioOf([user(0, { willEnterCodeAfterMs: 20 }), user(10), user(20), user(20), user(30)]), target);
    expect(calls).toEqual([
      'advance 0',
      'start 0 sent',
      'advance 10',
      'start 10 sent',
      'advance 20',
      'approve 0',
      'start 20 sent',
      'start 20 sent',
      'advance 30',
      'start 30 sent',
    ]);
  });

  it('approves with the request that was sent, after the last start too', async () => {
    const { target, requests, approved } = recorder();
    await judge(scenarioOf([user(0, { willEnterCodeAfterMs: 20 })]), target);
    expect(approved).toHaveLength(1);
    expect(approved[0]).toBe(requests[0]);
  });

  it('tells a target neither who attacks nor who will enter the code', async () => {
    const { target, requests } = recorder();
    await judge(scenarioOf([bot(5, { willEnterCodeAfterMs: 20 })]), target);
    expect(requests).toEqual([
      { at: FROM + 5, number: '+994501234567', country: 'DE', source: '10.0.0.1', isKnown: false, cost: 0.1 },
    ]);
  });

  it('approves nothing that was rejected', async () => {
    const { target, approved } = recorder('rejected');
    await judge(scenarioOf([user(0, { willEnterCodeAfterMs: 20 })]), target);
    expect(approved).toEqual([]);
  });

  it('says that a number is known once its code was entered', async () => {
    const { target, requests } = recorder();
    const start = { willEnterCodeAfterMs: 20 };
    await judge(scenarioOf([user(0, start), user(19, start), user(21, start), user(22, { number: '+1' })]), target);
    expect(requests.map(({ isKnown }) => isKnown)).toEqual([false, false, true, false]);
  });

  it('lets a rejected user retry, and counts only one who is never served as lost', async () => {
    const patience = { retryAfterMs: [MINUTE, 10 * MINUTE], willEnterCodeAfterMs: 1 };
    const { target, calls } = recorder('rejected', 'rejected', 'sent');
    const served = await judge(scenarioOf([user(0, patience)]), target);
    expect(calls.filter((call) => !call.startsWith('advance'))).toEqual([
      'start 0 rejected',
      'start 60000 rejected',
      'start 660000 sent',
      'approve 660000',
    ]);
    const figures = {
      ...NO_USERS,
      users: 1,
      rejectedAtFirst: 1,
      rejectedAtFirstShare: 1,
      starts: 3,
      startsRejected: 2,
    };
    expect(served.real).toEqual({ ...figures, startsRejectedShare: 2 / 3 });

    const lost = await judge(scenarioOf([user(0, patience)]), recorder('rejected', 'rejected', 'rejected').target);
    expect(lost.real).toEqual({
      ...figures,
      neverServed: 1,
      neverServedShare: 1,
      startsRejected: 3,
      startsRejectedShare: 1,
    });
  });

  it('counts known numbers apart', async () => {
    const starts = [user(0, { isKnown: true }), user(1, { isKnown: true }), user(2, { number: '+1' })];
    const { known, real } = await judge(scenarioOf(starts), recorder('rejected', 'rejected', 'rejected').target);
    expect([known.users, known.starts, known.startsRejected, known.numbersRejected]).toEqual([2, 2, 2, 1]);
    expect(real.startsRejected).toBe(3);
  });

  it('counts the messages of the attack and their cost', async () => {
    const { target } = recorder('sent', 'rejected', 'sent');
    const figures = await judge(scenarioOf([bot(0), bot(1), bot(2), bot(3, { cost: 0.2 })]), target);
    expect(figures.attack).toEqual({ starts: 4, sent: 3, cost: 0.4, unguardedCost: 0.5, costShare: 0.8 });
    expect(figures.real).toEqual(NO_USERS);
  });

  it('adds costs without rounding errors', async () => {
    const { attack } = await judge(scenarioOf(Array.from({ length: 1_000 }, (_, at) => bot(at))), unguarded());
    expect(attack.cost).toBe(100);
  });

  it('gives no attack a share of 0', async () => {
    expect((await judge(scenarioOf([user(0)]), unguarded())).attack).toEqual(NO_ATTACK);
  });

  it('has figures of nothing', async () => {
    expect(await judge(scenarioOf([]), unguarded())).toEqual({
      attack: NO_ATTACK,
      real: NO_USERS,
      known: { ...NO_USERS, numbersRejected: 0 },
      days: [],
    });
  });

  it('delivers nothing in an outage: users retry, sent or not, and convert after it', async () => {
    const { target, calls } = recorder();
    const outage = { from: FROM, to: FROM + MINUTE };
    const start = user(0, { retryAfterMs: [30_000, 30_000], willEnterCodeAfterMs: 5 });
    const { real } = await judge(scenarioOf([start, user(MINUTE, { willEnterCodeAfterMs: 7 })], { outage }), target);
    expect(calls.filter((call) => !call.startsWith('advance'))).toEqual([
      'start 0 sent',
      'start 30000 sent',
      'start 60000 sent',
      'start 60000 sent',
      'approve 60000',
      'approve 60000',
    ]);
    expect(real).toEqual({ ...NO_USERS, users: 2, starts: 4 });
  });

  it('does not count a user as lost who was served before a rejection', async () => {
    const { target } = recorder('sent', 'rejected');
    const outage = { from: FROM, to: FROM + MINUTE };
    const { real } = await judge(scenarioOf([user(0, { retryAfterMs: [30_000] })], { outage }), target);
    expect([real.starts, real.startsRejected, real.rejectedAtFirst, real.neverServed]).toEqual([2, 1, 0, 0]);
  });

  it('replays what comes before the judgement, but does not count it', async () => {
    const { target, calls } = recorder('rejected');
    const scenario = scenarioOf([bot(0), user(1, { retryAfterMs: [DAY] }), user(5)], { judgedFrom: FROM + 5 });
    const { real, attack } = await judge(scenario, target);
    expect(calls.filter((call) => call.startsWith('start'))).toHaveLength(3);
    expect(attack).toEqual(NO_ATTACK);
    expect(real).toEqual({ ...NO_USERS, users: 1, starts: 1 });
  });

  it('gives figures of each day, of quiet days too', async () => {
    const { target } = recorder('rejected', 'sent', 'sent', 'rejected');
    const { days } = await judge(scenarioOf([user(0), bot(1), user(DAY - 1), bot(2 * DAY), user(2 * DAY)]), target);
    const none = {
      attackStarts: 0,
      attackSent: 0,
      attackCost: 0,
      users: 0,
      usersRejectedAtFirst: 0,
      usersNeverServed: 0,
    };
    expect(days).toEqual([
      {
        day: 0,
        attackStarts: 1,
        attackSent: 1,
        attackCost: 0.1,
        users: 2,
        usersRejectedAtFirst: 1,
        usersNeverServed: 1,
      },
      { ...none, day: 1 },
      { ...none, day: 2, attackStarts: 1, users: 1 },
    ]);
  });

  it('tells the traffic each outcome before the next start is drawn', async () => {
    const log: string[] = [];
    function* starts() {
      for (const at of [0, 1]) {
        log.push(`draw ${at}`);
        yield bot(at);
      }
    }
    const observe = (start: Start, outcome: StartOutcome) => void log.push(`${outcome} ${start.at - FROM}`);
    await judge(scenarioOf([], { traffic: () => ({ starts: starts(), observe }) }), recorder('rejected').target);
    expect(log).toEqual(['draw 0', 'rejected 0', 'draw 1', 'sent 1']);
  });

  it('waits for each call of an asynchronous target', async () => {
    const { target, calls } = recorder();
    let running = 0;
    const later = async <T>(call: () => T): Promise<T> => {
      expect(running++).toBe(0);
      await Promise.resolve();
      running--;
      return call();
    };
    const starts = [user(0, { willEnterCodeAfterMs: 1 }), user(1), user(2)];
    const figures = await judge(scenarioOf(starts), {
      advanceTo: (at) => later(() => target.advanceTo(at)) as Promise<void>,
      start: (request) => later(() => target.start(request)) as Promise<StartOutcome>,
      approve: (request) => later(() => target.approve(request)) as Promise<void>,
    });
    expect(calls).toHaveLength(7);
    expect(figures).toEqual(await judge(scenarioOf(starts), recorder().target));
  });

  it('fails with the failure of the target', async () => {
    const failing: GuardTarget = { ...unguarded(), start: () => Promise.reject(new Error('no database')) };
    await expect(judge(scenarioOf([user(0)]), failing)).rejects.toThrow('no database');
  });

  it.each([
    ['go back in time', [user(5), user(4)]],
    ['have no time', [user(NaN)]],
  ])('rejects starts that %s', async (_, starts) => {
    await expect(judge(scenarioOf(starts), unguarded())).rejects.toThrow(RangeError);
  });
});
