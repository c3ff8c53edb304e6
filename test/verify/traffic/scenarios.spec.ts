import { judge, type GuardTarget } from './judge.js';
import { unguarded, usualLimits } from './reference-targets.js';
import { missedRequirements, scenario, scenarios } from './scenarios.js';
import { DAY, HOUR } from './time-units.js';

const judged = scenarios();

describe('an unguarded service', () => {
  it.each([
    ['week', 0, 0, 140_000],
    ['crowd', 0, 0, 28_000],
    ['crowd of one country', 0, 0, 28_000],
    ['dense range 0.5', 0, 0, 25_000],
    ['dense range 0.4', 0, 0, 25_000],
    ['dense country', 0, 0, 26_000],
    ['outage', 0, 0, 20_000],
    ['A1', 18_000, 4_500, 20_000],
    ['A2', 21_600, 3_240, 20_000],
    ['A3', 21_600, 3_744, 20_000],
    ['A4', 21_600, 3_240, 20_000],
    ['A5', 21_600, 2_592, 20_000],
    ['patient', 15_120, 2_620.8, 280_000],
    ['honest at first', 31_500, 4_725, 100_000],
    ['between real numbers', 10_800, 1_296, 20_000],
    ['in a crowd', 7_200, 432, 28_000],
    ['sabotage', 720, 43.2, 20_000],
  ])('sends all messages of "%s", and rejects no user', async (name, messages, cost, users) => {
    const { attack, real, known } = await judge(find(name), unguarded());
    const costShare = messages === 0 ? 0 : 1;
    expect(attack).toEqual({ starts: messages, sent: messages, cost, unguardedCost: cost, costShare });
    expect([real.users, real.startsRejected, known.numbersRejected]).toEqual([users, 0, 0]);
  });

  it('sends all messages of "watchful", which has no reason to slow down', async () => {
    const { attack, real } = await judge(find('watchful'), unguarded());
    expect([attack.sent, attack.costShare, real.startsRejected]).toEqual([43_200, 1, 0]);
  });
});

describe('the usual limits', () => {
  it.each([
    ['A1', 60, 15],
    ['A2', 21_600, 3_240],
    ['A3', 21_600, 3_744],
    ['A4', 21_600, 3_240],
    ['A5', 500, 60],
  ])('let some messages of %s through, and reject no user', async (name, sent, cost) => {
    const { attack, real } = await judge(find(name), usualLimits());
    expect([attack.sent, attack.cost, real.startsRejected]).toEqual([sent, cost, 0]);
  });

  it.each(['crowd', 'crowd of one country', 'dense range 0.5', 'dense country', 'outage'])(
    'reject no user in "%s"',
    async (name) => {
      expect((await judge(find(name), usualLimits())).real.startsRejected).toBe(0);
    },
  );
});

describe('scenarios', () => {
  it('have names of their own, all of them are tried above', () => {
    expect(judged.map(({ name }) => name)).toEqual([
      'week',
      'crowd',
      'crowd of one country',
      'dense range 0.5',
      'dense range 0.4',
      'dense country',
      'outage',
      'A1',
      'A2',
      'A3',
      'A4',
      'A5',
      'patient',
      'honest at first',
      'between real numbers',
      'in a crowd',
      'watchful',
      'sabotage',
    ]);
    expect(() => scenario('unknown')).toThrow(RangeError);
  });

  it('are the same for the same seed, whatever was judged before', async () => {
    const [first, again, other] = await Promise.all(
      [1, 1, 2].map((seed) => judge(scenario('A4', seed), sendingHalf())),
    );
    expect(again).toEqual(first);
    expect(await judge(find('A4'), sendingHalf())).toEqual(first);
    expect(other).not.toEqual(first);
    expect(other?.attack.unguardedCost).toBe(first?.attack.unguardedCost);
  });

  it('have 8,000 more users within two hours in a crowd', async () => {
    const usual = new Set([...find('outage').traffic().starts].map(({ number }) => number));
    const { judgedFrom, traffic } = find('crowd');
    const crowd = [...traffic().starts].filter(({ number }) => !usual.has(number));
    expect(crowd).toHaveLength(8_000);
    const hours = crowd.map(({ at }) => (at - judgedFrom) / HOUR);
    expect([Math.floor(Math.min(...hours)), Math.ceil(Math.max(...hours))]).toEqual([18, 20]);
  });

  it.each([
    ['dense range 0.5', 0.5],
    ['dense range 0.4', 0.4],
  ])('have a range of 5,000 new users a day in "%s"', (name, conversion) => {
    const starts = [...find(name).traffic().starts].filter(
      ({ number, isKnown }) => number.startsWith('+3472231') && !isKnown,
    );
    // The usual traffic has a few numbers of the range, too.
    expect(Math.abs(starts.length - 10_000)).toBeLessThan(100);
    const entered = starts.filter(({ willEnterCodeAfterMs }) => willEnterCodeAfterMs !== undefined);
    expect(entered.length / starts.length).toBeCloseTo(conversion, 1);
    expect(new Set(starts.map(({ number }) => number)).size).toBeGreaterThan(9_900);
  });

  it('approve nothing that was sent in the outage, and have users who retry', async () => {
    const { outage, judgedFrom, ...rest } = find('outage');
    const sent = new Map<number, number>();
    const approved: number[] = [];
    const target: GuardTarget = {
      ...unguarded(),
      start({ at }) {
        const hour = Math.floor((at - judgedFrom) / HOUR);
        sent.set(hour, (sent.get(hour) ?? 0) + 1);
        return 'sent';
      },
      approve: ({ at }) => void approved.push(at),
    };
    const { real } = await judge({ ...rest, outage, judgedFrom }, target);
    expect(approved.filter((at) => outage !== undefined && at >= outage.from && at < outage.to)).toEqual([]);
    expect(real.starts).toBeGreaterThan(real.users + 1_000);
    expect(sent.get(16)).toBeGreaterThan(1.5 * (sent.get(15) ?? 0));
  });

  it('give an attack of many days its figures by day', async () => {
    const { days } = await judge(find('honest at first'), unguarded());
    expect(days.map(({ attackSent }) => attackSent > 10_000)).toEqual([false, false, false, true, true]);
    expect(days.every(({ users }) => users === 20_000)).toBe(true);
  });

  it('teach the guard for a day, except in the week', () => {
    for (const { name, judgedFrom, traffic } of judged) {
      const [first] = traffic().starts;
      expect({ name, days: Math.floor((judgedFrom - (first?.at ?? 0)) / DAY + 0.5) }).toEqual({
        name,
        days: name === 'week' ? 0 : 1,
      });
    }
  });
});

describe('missedRequirements', () => {
  it('names what a guard misses', async () => {
    const a1 = find('A1');
    expect(missedRequirements(a1, await judge(a1, unguarded()))).toEqual(['The attack cost 1, more than 0.001']);
    const quiet = find('outage');
    expect(missedRequirements(quiet, await judge(quiet, unguarded()))).toEqual([]);
    const rejecting: GuardTarget = { ...unguarded(), start: () => 'rejected' };
    const missed = missedRequirements(quiet, await judge(quiet, rejecting));
    expect(missed).toHaveLength(2);
    expect(missed[0]).toBe('1 of the users were rejected at first, more than 0.001');
    expect(missed[1]).toMatch(/^\d+ starts of known numbers were rejected, more than 0$/u);
  });

  it('has nothing to say where figures are only reported', async () => {
    const sabotage = find('sabotage');
    expect(missedRequirements(sabotage, await judge(sabotage, unguarded()))).toEqual([]);
  });
});

function find(name: string) {
  const found = judged.find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`No scenario ${name}`);
  return found;
}

/** Sends every second message. */
function sendingHalf(): GuardTarget {
  let turn = 0;
  return { ...unguarded(), start: () => (turn++ % 2 === 0 ? 'sent' : 'rejected') };
}
