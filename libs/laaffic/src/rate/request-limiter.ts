import { AbortWatch } from './abort-watch.js';
import { Allowance } from './allowance.js';
import { FairLine } from './fair-line.js';
import { LONGEST_TIMER } from './longest-timer.js';
import type { Turn, TurnEnd } from './turn.js';
import { WaitingTurn } from './waiting-turn.js';

/** What an account may do: each number is more than 0, and `undefined` is no limit. */
export interface Rate {
  readonly requestsPerSecond: number | undefined;
  readonly recipientsPerSecond: number | undefined;
}

const TAKEN = Promise.resolve<TurnEnd>('taken');
const ABORTED = Promise.resolve<TurnEnd>('aborted');

/**
 * Spreads the requests that this process makes for one account evenly over time. In any second there
 * go at most `requestsPerSecond` requests and one, and at most `recipientsPerSecond` recipients and
 * those of one request.
 *
 * High goes before normal, always: it is for single sends that somebody is waiting for. It spends
 * what has built up for a larger request in line, and so waits for a slot, never for that request.
 * Where high uses up the whole rate, normal waits until its time-out. A share of its own would have
 * every one-time password wait while a thousand recipients build up.
 *
 * Within a priority callers are served in turn, a request each. Nobody overtakes a larger request
 * for needing less.
 */
export class RequestLimiter {
  readonly #unlimited: boolean;
  readonly #requests: Allowance;
  readonly #recipients: Allowance;
  readonly #lines = { high: new FairLine<WaitingTurn>(), normal: new FairLine<WaitingTurn>() };
  readonly #aborts = new AbortWatch<WaitingTurn>((waiting) => {
    this.#giveUp(waiting, 'aborted');
  });
  #timer: NodeJS.Timeout | undefined;

  constructor({ requestsPerSecond, recipientsPerSecond }: Rate) {
    this.#unlimited = requestsPerSecond === undefined && recipientsPerSecond === undefined;
    this.#requests = new Allowance(requestsPerSecond);
    this.#recipients = new Allowance(recipientsPerSecond);
  }

  /** Waits for its turn. Never rejects; without a limit it does nothing but look at the signal. */
  take(turn: Turn): Promise<TurnEnd> {
    if (turn.signal?.aborted === true) return ABORTED;
    if (this.#unlimited) return TAKEN;
    const now = performance.now();
    if (this.#isNext(turn) && this.#mayGo(turn, now)) return TAKEN;
    return new Promise((resolve) => {
      this.#await(new WaitingTurn(turn, this.#lines[turn.priority], now, resolve));
    });
  }

  get #next(): WaitingTurn | undefined {
    return this.#lines.high.first ?? this.#lines.normal.first;
  }

  #await(waiting: WaitingTurn): void {
    const { signal } = waiting.turn;
    if (signal !== undefined) this.#aborts.begin(signal, waiting);
    waiting.startTimer(() => {
      this.#giveUp(waiting, 'timeout');
    });
    if (this.#next === waiting) this.#proceed();
  }

  /** Lets everybody go who may, and comes back when the next one may. */
  readonly #proceed = (): void => {
    clearTimeout(this.#timer);
    const now = performance.now();
    for (let next = this.#next; next !== undefined; next = this.#next) {
      const expired = next.expiredBy(now);
      if (!expired && !this.#mayGo(next.turn, now)) {
        const delay = Math.ceil(this.#readyAt(next.turn) - now);
        this.#timer = setTimeout(this.#proceed, Math.min(delay, LONGEST_TIMER));
        return;
      }
      this.#end(next, expired ? 'timeout' : 'taken');
    }
  };

  #giveUp(waiting: WaitingTurn, how: TurnEnd): void {
    const wasNext = this.#next === waiting;
    this.#end(waiting, how);
    // Not at once: the one behind may hang on the same signal, and not have heard of it yet.
    if (wasNext) void Promise.resolve().then(this.#proceed);
  }

  #end(waiting: WaitingTurn, how: TurnEnd): void {
    const { signal } = waiting.turn;
    if (signal !== undefined) this.#aborts.end(signal, waiting);
    waiting.end(how);
  }

  #isNext({ priority }: Turn): boolean {
    return (priority === 'high' ? this.#lines.high.first : this.#next) === undefined;
  }

  /** Spends the allowance if there is enough of it. */
  #mayGo(turn: Turn, now: number): boolean {
    if (this.#readyAt(turn) > now) return false;
    const { normal } = this.#lines;
    // At least one, so that a single send does not pay for a request without recipients before it.
    const largest = Math.max(1, turn.recipients, normal.first?.turn.recipients ?? 0);
    const since = this.#next === undefined ? now : Math.min(now, this.#readyAt(this.#next.turn));
    this.#requests.keep(1, since, now);
    this.#requests.spend(1);
    this.#recipients.keep(largest, since, now);
    this.#recipients.spend(turn.recipients);
    return true;
  }

  /** When both limits allow the turn. */
  #readyAt({ recipients }: Turn): number {
    return Math.max(this.#requests.readyAt(1), this.#recipients.readyAt(recipients));
  }
}
