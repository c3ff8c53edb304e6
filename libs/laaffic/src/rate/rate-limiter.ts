import { MAX_TIMER_MS } from '../clock.js';
import { onAbort } from '../on-abort.js';
import { FairQueue, type FairQueueEntry } from './fair-queue.js';
import { TokenBucket } from './token-bucket.js';

/** The limits of an account. Each is above 0; `undefined` is no limit. */
export interface Rate {
  readonly requestsPerSecond: number | undefined;
  readonly recipientsPerSecond: number | undefined;
}

/** One request to the gateway that the limits apply to. */
export interface RateRequest {
  /** The number of recipients; 0 for a request that sends nothing. */
  readonly recipients: number;
  readonly priority: 'high' | 'normal';
  /** Requests of one caller wait in order. The callers are served in turn. */
  readonly caller: object;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that the request may wait. With 0 it starts at once or not at all. */
  readonly timeoutMs?: number | undefined;
}

/** How the wait ended. Only a request that is `acquired` may start. */
export type AcquireResult = 'acquired' | 'aborted' | 'timeout';

const ACQUIRED = Promise.resolve<AcquireResult>('acquired');
const ABORTED = Promise.resolve<AcquireResult>('aborted');

/**
 * Spreads the requests that this process makes for one account evenly over time. In any second at most
 * `requestsPerSecond` + 1 requests start, with at most `recipientsPerSecond` recipients and those of one request more.
 *
 * High priority always goes before normal: it is for single sends that a person waits for. A high request spends the
 * tokens that have built up for a larger request in the queue, so it waits for one slot and never for that request. If
 * high requests use up the whole rate, normal requests wait until their time-out. A share of their own would make every
 * one-time password wait while a thousand recipients build up.
 *
 * Within a priority the callers are served in turn, one request each. A small request never overtakes a larger one.
 */
export class RateLimiter {
  #rate: Rate;
  #requests: TokenBucket;
  #recipients: TokenBucket;
  readonly #queues = { high: new FairQueue<WaitingRequest>(), normal: new FairQueue<WaitingRequest>() };
  #timer: NodeJS.Timeout | undefined;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#requests = new TokenBucket(rate.requestsPerSecond);
    this.#recipients = new TokenBucket(rate.recipientsPerSecond);
  }

  /** A new rate applies from now on, also to requests that wait. */
  set rate(rate: Rate) {
    const { requestsPerSecond, recipientsPerSecond } = this.#rate;
    this.#rate = rate;
    if (rate.requestsPerSecond !== requestsPerSecond) this.#requests = new TokenBucket(rate.requestsPerSecond);
    if (rate.recipientsPerSecond !== recipientsPerSecond) this.#recipients = new TokenBucket(rate.recipientsPerSecond);
    if (this.#next !== undefined) this.#proceed();
  }

  /** Waits until the request may start. Never rejects. Without a limit it only checks the signal. */
  acquire(request: RateRequest): Promise<AcquireResult> {
    if (request.signal?.aborted === true) return ABORTED;
    const { requestsPerSecond, recipientsPerSecond } = this.#rate;
    if (requestsPerSecond === undefined && recipientsPerSecond === undefined) return ACQUIRED;
    const now = performance.now();
    if (this.#isNext(request) && this.#spend(request, now)) return ACQUIRED;
    return new Promise((resolve) => {
      this.#wait(new WaitingRequest(request, this.#queues[request.priority], now, resolve));
    });
  }

  get #next(): WaitingRequest | undefined {
    return this.#queues.high.first ?? this.#queues.normal.first;
  }

  #wait(waiting: WaitingRequest): void {
    waiting.watch((result) => {
      this.#giveUp(waiting, result);
    });
    if (this.#next === waiting) this.#proceed();
  }

  /** Starts every request that may start now, and sets a timer for the next one. */
  readonly #proceed = (): void => {
    clearTimeout(this.#timer);
    const now = performance.now();
    for (let next = this.#next; next !== undefined; next = this.#next) {
      const isExpired = next.isExpiredAt(now);
      if (!isExpired && !this.#spend(next.request, now)) {
        const delay = Math.ceil(this.#readyAt(next.request) - now);
        this.#timer = setTimeout(this.#proceed, Math.min(delay, MAX_TIMER_MS));
        return;
      }
      next.end(isExpired ? 'timeout' : 'acquired');
    }
  };

  #giveUp(waiting: WaitingRequest, result: AcquireResult): void {
    const wasNext = this.#next === waiting;
    waiting.end(result);
    // Not at once: the request behind may share the signal and not know of the abort yet.
    if (wasNext) void Promise.resolve().then(this.#proceed);
  }

  #isNext({ priority }: RateRequest): boolean {
    return (priority === 'high' ? this.#queues.high.first : this.#next) === undefined;
  }

  /** Spends the tokens of a request. @returns `false` if there are not enough yet. */
  #spend(request: RateRequest, now: number): boolean {
    if (this.#readyAt(request) > now) return false;
    const { normal } = this.#queues;
    // At least 1, so that a single send does not pay for a request without recipients before it.
    const largest = Math.max(1, request.recipients, normal.first?.request.recipients ?? 0);
    const since = this.#next === undefined ? now : Math.min(now, this.#readyAt(this.#next.request));
    this.#requests.cap(1, since, now);
    this.#requests.spend(1);
    this.#recipients.cap(largest, since, now);
    this.#recipients.spend(request.recipients);
    return true;
  }

  /** The time at which both limits allow the request. */
  #readyAt({ recipients }: RateRequest): number {
    return Math.max(this.#requests.readyAt(1), this.#recipients.readyAt(recipients));
  }
}

/** A request in a queue. */
class WaitingRequest {
  readonly #queue: FairQueue<WaitingRequest>;
  readonly #entry: FairQueueEntry<WaitingRequest>;
  readonly #deadline: number;
  readonly #resolve: (result: AcquireResult) => void;
  #timer: NodeJS.Timeout | undefined;
  #stopWatching: (() => void) | undefined;

  constructor(
    readonly request: RateRequest,
    queue: FairQueue<WaitingRequest>,
    now: number,
    resolve: (result: AcquireResult) => void,
  ) {
    this.#queue = queue;
    this.#entry = queue.add(request.caller, this);
    this.#deadline = now + (request.timeoutMs ?? Infinity);
    this.#resolve = resolve;
  }

  /** Calls `giveUp` when the time is up or the signal aborts, unless the wait ends first. */
  watch(giveUp: (result: AcquireResult) => void): void {
    const { timeoutMs = Infinity, signal } = this.request;
    if (timeoutMs <= MAX_TIMER_MS) {
      this.#timer = setTimeout(() => {
        giveUp('timeout');
      }, Math.ceil(timeoutMs));
    }
    this.#stopWatching = onAbort(signal, () => {
      giveUp('aborted');
    });
  }

  /** Whether the time of the request is up. Its own timer may be late, so that its turn comes first. */
  isExpiredAt(now: number): boolean {
    return this.#deadline < now;
  }

  /** Leaves the queue and resolves. The caller calls it once. */
  end(result: AcquireResult): void {
    clearTimeout(this.#timer);
    this.#stopWatching?.();
    if (result === 'acquired') this.#queue.serve(this.#entry);
    else this.#queue.remove(this.#entry);
    this.#resolve(result);
  }
}
