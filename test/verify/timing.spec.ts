import { randomUUID } from 'node:crypto';
import type { SmsVerification } from 'nestjs-laaffic-verify';
import { cases } from '../cases.js';
import { mannWhitney } from './mann-whitney.js';
import { PURPOSE, VerifyProcesses, wrongCode } from './processes/verify-processes.js';

const CHECKS = cases(10_000, 500);
/** Noise of the machine may look like a difference once. A difference that is there is found each time. */
const RUNS = 3;
const LEAST_P = 0.01;
const LONG_MS = 900_000;

let all: VerifyProcesses;
let verification: SmsVerification;
let close: () => Promise<void>;
/** Verifications that take any number of wrong codes, and are used in turns: each check changes a row. */
let ids: string[];

beforeAll(async () => {
  all = await VerifyProcesses.start({ guard: { shadow: 'all' } }, { count: 0 });
  ({ verification, close } = await all.app({ worker: false }));
  ids = await Promise.all(
    Array.from({ length: 20 }, async () => (await verification.start({ to: all.newNumber(), purpose: PURPOSE })).id),
  );
});
afterAll(async () => {
  await close();
  await all.close();
});

/** The checks that are compared. All of them are of codes that are not right. */
const KINDS = {
  'wrong first digit': (id: string) => ({ id, purpose: PURPOSE, code: wrongCode(all.codeAt(id, 1), 'first') }),
  'wrong last digit': (id: string) => ({ id, purpose: PURPOSE, code: wrongCode(all.codeAt(id, 1), 'last') }),
  'unknown id': (id: string) => ({ id: randomUUID(), purpose: PURPOSE, code: wrongCode(all.codeAt(id, 1)) }),
} as const;
type Kind = keyof typeof KINDS;

/**
 * Times of checks in milliseconds. One of each kind is timed in each turn, in a random order: what slows the machine down
 * for a while slows all of them down.
 */
async function timesOf(kinds: readonly Kind[], count: number): Promise<Record<Kind, number[]>> {
  const times: Record<Kind, number[]> = {
    ...{ 'wrong first digit': [], 'wrong last digit': [], 'unknown id': [] },
  };
  for (let turn = 0; turn < count; turn++) {
    // No row becomes another one: neither its state nor the number of its versions tells the kinds apart.
    if (turn % 20 === 0) await renew();
    const order = kinds.toSorted(() => Math.random() - 0.5);
    for (const [index, kind] of order.entries()) {
      // Another one for each kind, so no kind finds the row that the one before has just read.
      const request = KINDS[kind](ids[(turn + index * 7) % ids.length]!);
      const began = performance.now();
      const { status } = await verification.check(request);
      times[kind].push(performance.now() - began);
      expect(status).toBe(kind.startsWith('wrong') ? 'wrong' : 'over');
    }
  }
  return times;
}

/** Gives the attempts back, and takes the failures off. */
async function renew(): Promise<void> {
  await all.query(`update laaffic_verify.verification set attempts = 0`);
  await all.query(`update laaffic_verify.phone set failures = 0, locks = 0, locked_until = '-infinity'`);
}

/** The largest p-value of several runs. By chance it is below 0.01 once in a million. */
async function largestP(first: Kind, second: Kind): Promise<number> {
  let largest = 0;
  for (let run = 0; run < RUNS && largest <= LEAST_P; run++) {
    const times = await timesOf([first, second], CHECKS);
    largest = Math.max(largest, mannWhitney(times[first], times[second]));
  }
  return largest;
}

it(
  'the time of a check does not tell which digit of a code is wrong',
  async () => {
    expect(await largestP('wrong first digit', 'wrong last digit')).toBeGreaterThan(LEAST_P);
  },
  LONG_MS,
);

// What is not promised: the time does tell what the answer tells anyway. A wrong code of an open verification is counted
// and committed, and that takes longer than to find nothing. Checks with the answer `over` do different work too: an
// expired verification locks its number, and an unknown one is not found. Their medians differ by hundredths of a
// millisecond. Those who have an id may tell that it exists. Ids are random, so times do not help to find any.
it(
  'the same test finds the difference between a wrong code and an unknown id, which is there',
  async () => {
    const times: Record<'wrong last digit' | 'unknown id', number[]> = { 'wrong last digit': [], 'unknown id': [] };
    // On a machine that is busy with more, it takes more of them to see it.
    for (let run = 0, p = 1; run < 2 * RUNS && p >= LEAST_P; run++) {
      const more = await timesOf(['wrong last digit', 'unknown id'], 500);
      times['wrong last digit'].push(...more['wrong last digit']);
      times['unknown id'].push(...more['unknown id']);
      p = mannWhitney(times['wrong last digit'], times['unknown id']);
    }
    expect(mannWhitney(times['wrong last digit'], times['unknown id'])).toBeLessThan(LEAST_P);
  },
  LONG_MS,
);

/** Times of starts that send a message, and of those that only look like it, in milliseconds. */
async function timesOfStarts(count: number): Promise<Record<'real' | 'decoy', number[]>> {
  const times: Record<'real' | 'decoy', number[]> = { real: [], decoy: [] };
  for (let turn = 0; turn < count; turn++) {
    for (const kind of turn % 2 === 0 ? (['real', 'decoy'] as const) : (['decoy', 'real'] as const)) {
      const to = all.newNumber();
      const began = performance.now();
      const { sent } = await verification.start({ to, purpose: PURPOSE }, { decoy: kind === 'decoy' });
      times[kind].push(performance.now() - began);
      expect(sent).toBe(true);
    }
  }
  return times;
}

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

// A number has at most ten messages a day, so a difference that only thousands of starts would show helps no attacker.
it(
  'a decoy takes as long as a start that sends a message, within a tenth',
  async () => {
    let least = Infinity;
    for (let run = 0; run < RUNS && least >= 0.1; run++) {
      const { real, decoy } = await timesOfStarts(cases(2_000, 150));
      least = Math.min(least, Math.abs(medianOf(decoy) / medianOf(real) - 1));
    }
    expect(least).toBeLessThan(0.1);
  },
  LONG_MS,
);
