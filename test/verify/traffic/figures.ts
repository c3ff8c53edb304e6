import type { StartOutcome } from './start.js';

// Jest looks up each global in a slow way, and this is needed a million times.
const { round } = Math;

export interface AttackFigures {
  readonly starts: number;
  readonly sent: number;
  /** What the sent messages cost, in US dollars. */
  readonly cost: number;
  /** What the messages would cost if all were sent, in US dollars. */
  readonly unguardedCost: number;
  /** `cost` / `unguardedCost`. 0 without an attack. */
  readonly costShare: number;
}

/** A user is one person who wants a code once, and may need several starts. */
export interface UserFigures {
  readonly users: number;
  /** Users whose first start was rejected. */
  readonly rejectedAtFirst: number;
  readonly rejectedAtFirstShare: number;
  /** Users who gave up and never got a message. */
  readonly neverServed: number;
  readonly neverServedShare: number;
  /** With further tries. */
  readonly starts: number;
  readonly startsRejected: number;
  readonly startsRejectedShare: number;
}

export interface DayFigures {
  /** Days since the judgement began, from 0. Further tries count on the day of the first. */
  readonly day: number;
  readonly attackStarts: number;
  readonly attackSent: number;
  readonly attackCost: number;
  readonly users: number;
  readonly usersRejectedAtFirst: number;
  readonly usersNeverServed: number;
}

export interface Figures {
  readonly attack: AttackFigures;
  readonly real: UserFigures;
  /** The real users with a number that was verified before, who are part of `real`. */
  readonly known: UserFigures & {
    /** Different numbers that were rejected at least once. */
    readonly numbersRejected: number;
  };
  readonly days: readonly DayFigures[];
}

/** The outcome of one try of a real user. */
interface RealTry {
  readonly isFirst: boolean;
  /** It was the user's last try, and none of them was sent. */
  readonly hasGivenUp: boolean;
  readonly isKnown: boolean;
  readonly number: string;
}

type DayCounts = { -readonly [Key in keyof DayFigures]: DayFigures[Key] };

/** Counts outcomes. */
export class Tally {
  readonly #attack = { starts: 0, sent: 0, cost: 0, unguardedCost: 0 };
  readonly #real = new UserTally();
  readonly #known = new UserTally();
  readonly #knownRejected = new Set<string>();
  readonly #days: DayCounts[] = [];

  addAttack(index: number, outcome: StartOutcome, cost: number): void {
    const day = this.#day(index);
    // Whole units have no rounding errors.
    const units = round(cost * 1e6);
    this.#attack.starts++;
    this.#attack.unguardedCost += units;
    day.attackStarts++;
    if (outcome === 'rejected') return;
    this.#attack.sent++;
    this.#attack.cost += units;
    day.attackSent++;
    day.attackCost += units;
  }

  addReal(index: number, outcome: StartOutcome, attempt: RealTry): void {
    const day = this.#day(index);
    const isRejected = outcome === 'rejected';
    this.#real.add(isRejected, attempt);
    if (attempt.isKnown) {
      this.#known.add(isRejected, attempt);
      if (isRejected) this.#knownRejected.add(attempt.number);
    }
    if (attempt.isFirst) day.users++;
    if (attempt.isFirst && isRejected) day.usersRejectedAtFirst++;
    if (attempt.hasGivenUp) day.usersNeverServed++;
  }

  figures(): Figures {
    const { cost, unguardedCost } = this.#attack;
    return {
      attack: {
        ...this.#attack,
        cost: cost / 1e6,
        unguardedCost: unguardedCost / 1e6,
        costShare: shareOf(cost, unguardedCost),
      },
      real: this.#real.figures(),
      known: { ...this.#known.figures(), numbersRejected: this.#knownRejected.size },
      days: this.#days.map((day) => ({ ...day, attackCost: day.attackCost / 1e6 })),
    };
  }

  #day(index: number): DayCounts {
    for (let day = this.#days.length; day <= index; day++)
      this.#days.push({
        day,
        attackStarts: 0,
        attackSent: 0,
        attackCost: 0,
        users: 0,
        usersRejectedAtFirst: 0,
        usersNeverServed: 0,
      });
    const found = this.#days[index];
    if (found === undefined) throw new RangeError(`No day ${index}`);
    return found;
  }
}

class UserTally {
  readonly #counts = { users: 0, rejectedAtFirst: 0, neverServed: 0, starts: 0, startsRejected: 0 };

  add(isRejected: boolean, { isFirst, hasGivenUp }: RealTry): void {
    this.#counts.starts++;
    if (isFirst) this.#counts.users++;
    if (isRejected) this.#counts.startsRejected++;
    if (isFirst && isRejected) this.#counts.rejectedAtFirst++;
    if (hasGivenUp) this.#counts.neverServed++;
  }

  figures(): UserFigures {
    const { users, rejectedAtFirst, neverServed, starts, startsRejected } = this.#counts;
    return {
      ...this.#counts,
      rejectedAtFirstShare: shareOf(rejectedAtFirst, users),
      neverServedShare: shareOf(neverServed, users),
      startsRejectedShare: shareOf(startsRejected, starts),
    };
  }
}

const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
