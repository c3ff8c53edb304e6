import { cases } from '../../cases.js';
import type { Call } from '../processes/verify-process.js';
import { checksOf, countAnswers, VerifyProcesses } from '../processes/verify-processes.js';

const ROUNDS = cases(400, 12);
const LONG_MS = 600_000;

let all: VerifyProcesses;
beforeAll(async () => {
  const send = { cooldownsMs: [0], maxPerHour: 1_000, maxPerDay: 1_000 };
  all = await VerifyProcesses.start({ send, guard: { shadow: 'all' } });
});
afterAll(() => all.close());

/** Runs checks and other calls at once. In odd rounds, checks begin when the first of the other calls has ended. */
async function race(
  checks: readonly Call<'check'>[],
  others: readonly Call<'resend' | 'cancel'>[],
  round: number,
): Promise<Record<string, number>> {
  if (round % 2 === 1) {
    const running = others.map((call, index) => all.processes[index % all.processes.length]!.all([call]));
    await Promise.race(running);
    const checked = await all.all(checks);
    return countAnswers([...checked, ...(await Promise.all(running)).flat()]);
  }
  const calls: Call<'check' | 'resend' | 'cancel'>[] = [...checks, ...others];
  calls.sort(() => Math.random() - 0.5);
  return countAnswers(await all.all(calls));
}

const times = <T>(count: number, one: T): T[] => Array<T>(count).fill(one);
const resendOf = (id: string): Call<'resend'> => ({ method: 'resend', args: [id] });
const cancelOf = (id: string): Call<'cancel'> => ({ method: 'cancel', args: [id] });

it(
  'a check against resends approves once, and each message that was announced is there',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const to = all.newNumber();
      const id = await all.startOne(to);
      const checks = checksOf(id, times(10, all.codeAt(id, 1)));
      const answers = await race(checks, times(5, resendOf(id)), round);
      // A resend that waited for another one is as old as its beginning, so there may be a pause even if that is 0.
      const { sent = 0, VERIFY_OVER = 0, VERIFY_COOLDOWN = 0, ...checked } = answers;
      expect(checked).toEqual({ approved: 1, over: 9 });
      expect(sent + VERIFY_OVER + VERIFY_COOLDOWN).toBe(5);
      expect(await all.row(id)).toMatchObject({ state: 'approved', attempts: 1, sends: sent + 1, generation: 1 });
      expect(await all.messagesTo(to)).toBe(sent + 1);
    }
  },
  LONG_MS,
);

it(
  'the old and the new code against a renewal approve once',
  async () => {
    let renewals = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const id = await all.startOne();
      await expireIn(id, 100_000);
      // The new code is wrong until there is a renewal, so there are fewer of it than attempts.
      const codes = [...times(7, all.codeAt(id, 1)), ...times(3, all.codeAt(id, 2))];
      const {
        sent = 0,
        VERIFY_OVER = 0,
        VERIFY_COOLDOWN = 0,
        approved,
        over = 0,
        ...wrong
      } = await race(checksOf(id, codes), times(3, resendOf(id)), round);
      expect({ approved, sent: sent + VERIFY_OVER + VERIFY_COOLDOWN }).toEqual({ approved: 1, sent: 3 });
      const attempts = 10 - over;
      expect(Object.keys(wrong).length).toBe(attempts - 1);
      const generation = sent > 0 ? 2 : 1;
      renewals += generation - 1;
      expect(await all.row(id)).toMatchObject({ state: 'approved', attempts, sends: sent + 1, generation });
    }
    // Otherwise it proves nothing.
    expect(renewals).toBeGreaterThan(0);
  },
  LONG_MS,
);

it(
  'a check against cancellations has one winner',
  async () => {
    const winners = { approved: 0, cancelled: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const id = await all.startOne();
      const checks = checksOf(id, times(5, all.codeAt(id, 1)));
      const { approved = 0, true: cancelled = 0 } = await race(checks, times(5, cancelOf(id)), round);
      expect(approved + cancelled).toBe(1);
      const winner = approved === 1 ? 'approved' : 'cancelled';
      winners[winner]++;
      expect(await all.row(id)).toMatchObject({ state: winner, attempts: approved });
    }
    expect(winners).toEqual({ approved: expect.any(Number), cancelled: ROUNDS - winners.approved });
  },
  LONG_MS,
);

it(
  'a check against the expiry approves only before it',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await all.startOne();
      await expireIn(id, Math.random() * 25);
      const { approved = 0, over } = await race(checksOf(id, times(12, all.codeAt(id, 1))), [], 0);
      expect(over).toBe(12 - approved);
      expect(approved).toBeLessThan(2);
      const [row] = await all.query<{ is_early: boolean | null }>(
        'select approved_at < expires_at as is_early from laaffic_verify.verification where id = $1',
        [id],
      );
      expect(row).toEqual({ is_early: approved === 1 ? true : null });
      await expireIn(id, 0);
      expect(await race(checksOf(id, times(3, all.codeAt(id, 1))), [resendOf(id)], 0)).toEqual({
        over: 3,
        VERIFY_OVER: 1,
      });
    }
  },
  LONG_MS,
);

it(
  'a right code in a transaction that rolls back can be entered in another one, and only one transaction uses it up',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = await all.startOne();
      const code = all.codeAt(id, 1);
      const ends = (['rollback', 'commit', 'rollback', 'commit'] as const).toSorted(() => Math.random() - 0.5);
      const calls = ends.map((end) => ({
        method: 'checkWithin' as const,
        args: [end, checksOf(id, [code])[0]!.args[0]],
      }));
      const results = await all.all(calls as Call<'checkWithin'>[]);
      const kept = countAnswers(results.filter((_, index) => ends[index] === 'commit'));
      expect(kept['approved']).toBe(1);
      expect(await all.row(id)).toMatchObject({ state: 'approved' });
      expect(countAnswers(await all.all(checksOf(id, [code])))).toEqual({ over: 1 });
    }
  },
  LONG_MS,
);

async function expireIn(id: string, ms: number): Promise<void> {
  await all.query(
    `update laaffic_verify.verification set expires_at = clock_timestamp() + $2 * interval '1 millisecond' where id = $1`,
    [id, ms],
  );
}
