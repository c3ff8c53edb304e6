import { BoundedList } from '../../history/bounded-list.js';
import type { PushAttempt, RecordedPush } from '../../history/records.js';
import type { SandboxSettings } from '../../options/sandbox-options.js';
import { Scheduler } from '../timing/scheduler.js';
import type { Timers } from '../timing/timers.js';
import { postPush } from './post-push.js';

interface PushRecord extends RecordedPush {
  outcome: RecordedPush['outcome'];
  readonly attempts: PushAttempt[];
}

export type NewPush = Pick<RecordedPush, 'kind' | 'url' | 'body'>;

const monotonicNow = (): number => performance.now();

/** Sends pushes to the customer. The quirks delay, duplicate, reorder and retry them. */
export class Pushes {
  readonly history: BoundedList<PushRecord>;
  readonly #delayed: Scheduler<PushRecord>;
  #arriving: PushRecord[] = [];
  #queue: PushRecord[] = [];
  #queueStart = 0;
  readonly #abortInFlight = new Set<() => void>();
  #idleCallbacks: (() => void)[] = [];
  #recorded = 0;
  #copiesOwed = 0;
  #pending = 0;
  #isClosed = false;

  constructor(
    private readonly timers: Timers,
    private readonly settings: () => Readonly<SandboxSettings>,
    private readonly now: () => number,
    historyLimit: number | null,
  ) {
    this.history = new BoundedList(historyLimit ?? Infinity);
    this.#delayed = new Scheduler(monotonicNow, timers, (push) => {
      this.#enqueue(push);
    });
  }

  /** Number of pushes that are neither acknowledged nor given up. */
  get pending(): number {
    return this.#pending;
  }

  send(push: NewPush): void {
    if (this.#isClosed) return;
    const original = this.#record(push, null);
    this.#copiesOwed += this.settings().quirks.pushDuplicates;
    for (; this.#copiesOwed >= 1; this.#copiesOwed -= 1) this.#record(push, original.id);
  }

  /** Calls back once no push is pending. */
  whenIdle(then: () => void): void {
    if (this.#pending === 0) then();
    else this.#idleCallbacks.push(then);
  }

  resize(historyLimit: number | null): void {
    this.history.resize(historyLimit ?? Infinity);
  }

  clear(): void {
    this.history.clear();
    this.#abort();
    this.#recorded = 0;
    this.#copiesOwed = 0;
  }

  /** Aborts everything. Nothing is sent afterwards. */
  close(): void {
    this.#isClosed = true;
    this.#abort();
  }

  /** Aborted pushes get no outcome. */
  #abort(): void {
    for (const abort of this.#abortInFlight) abort();
    this.#abortInFlight.clear();
    this.#delayed.clear();
    this.#arriving = [];
    this.#queue = [];
    this.#queueStart = 0;
    this.#pending = 0;
    this.#notifyIdle();
  }

  #record(push: NewPush, copyOf: number | null): PushRecord {
    this.#recorded += 1;
    const record: PushRecord = { id: this.#recorded, ...push, copyOf, outcome: 'pending', attempts: [] };
    this.history.push(record);
    this.#pending += 1;
    this.#arriving.push(record);
    // Pushes of the same moment are collected first, because `pushOrder` may reverse them.
    if (this.#arriving.length === 1) {
      queueMicrotask(() => {
        this.#enqueueArriving();
      });
    }
    return record;
  }

  #enqueueArriving(): void {
    const { pushOrder, pushDelayMs } = this.settings().quirks;
    const arriving = this.#arriving;
    this.#arriving = [];
    if (pushOrder === 'reversed') arriving.reverse();
    for (const push of arriving) this.#enqueueAfter(pushDelayMs, push);
  }

  #enqueueAfter(delayMs: number, push: PushRecord): void {
    if (delayMs === 0) this.#enqueue(push);
    else this.#delayed.add(monotonicNow() + delayMs, push);
  }

  #enqueue(push: PushRecord): void {
    this.#queue.push(push);
    this.#startNext();
  }

  #startNext(): void {
    while (this.#abortInFlight.size < this.settings().quirks.pushConcurrency) {
      const push = this.#queue[this.#queueStart];
      if (push === undefined) return;
      this.#queueStart += 1;
      // Shifting one by one would cost as much as the queue is long.
      if (this.#queueStart * 2 > this.#queue.length) {
        this.#queue = this.#queue.slice(this.#queueStart);
        this.#queueStart = 0;
      }
      this.#attempt(push);
    }
  }

  #attempt(push: PushRecord): void {
    const { pushTimeoutMs } = this.settings().quirks;
    const at = this.now();
    const abort = postPush(push.url, JSON.stringify(push.body), pushTimeoutMs, this.timers, (response) => {
      this.#abortInFlight.delete(abort);
      push.attempts.push({ at, ...response });
      this.#conclude(push, response.httpStatus === 200);
      this.#startNext();
    });
    this.#abortInFlight.add(abort);
  }

  #conclude(push: PushRecord, isAcknowledged: boolean): void {
    const { pushRetries, pushRetryDelayMs } = this.settings().quirks;
    if (!isAcknowledged && push.attempts.length <= pushRetries) {
      this.#enqueueAfter(pushRetryDelayMs, push);
      return;
    }
    push.outcome = isAcknowledged ? 'acknowledged' : 'given-up';
    this.#pending -= 1;
    this.settings().onPush?.(push);
    if (this.#pending === 0) this.#notifyIdle();
  }

  #notifyIdle(): void {
    const callbacks = this.#idleCallbacks;
    this.#idleCallbacks = [];
    for (const then of callbacks) then();
  }
}
