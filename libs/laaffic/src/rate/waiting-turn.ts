import type { FairLine, Seat } from './fair-line.js';
import { LONGEST_TIMER } from './longest-timer.js';
import type { Turn, TurnEnd } from './turn.js';

/** A turn in line, until its end. */
export class WaitingTurn {
  readonly #line: FairLine<WaitingTurn>;
  readonly #seat: Seat<WaitingTurn>;
  readonly #deadline: number;
  readonly #resolve: (end: TurnEnd) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly turn: Turn,
    line: FairLine<WaitingTurn>,
    now: number,
    resolve: (end: TurnEnd) => void,
  ) {
    this.#line = line;
    this.#seat = line.join(turn.caller, this);
    this.#deadline = now + (turn.timeout ?? Infinity);
    this.#resolve = resolve;
  }

  /** Calls `expire` when the time is up, unless the end comes first. */
  startTimer(expire: () => void): void {
    const { timeout = Infinity } = this.turn;
    if (timeout <= LONGEST_TIMER) this.#timer = setTimeout(expire, Math.ceil(timeout));
  }

  /** Whether its time is up. Its own timer may be late, so that its turn comes before. */
  expiredBy(now: number): boolean {
    return this.#deadline < now;
  }

  /** Leaves the line and settles; to be called once. */
  end(how: TurnEnd): void {
    clearTimeout(this.#timer);
    if (how === 'taken') this.#line.serve(this.#seat);
    else this.#line.leave(this.#seat);
    this.#resolve(how);
  }
}
