import { BoundedList } from '../ledger/bounded.list.js';
import type { SandboxSettings } from '../options/sandbox.options.js';
import { Agenda } from '../timing/agenda.js';
import type { Waits } from '../timing/waits.js';
import { postPush } from './post-push.js';
import type { PushAttempt, RecordedPush } from './recorded.push.js';

interface PushRecord extends RecordedPush {
  outcome: RecordedPush['outcome'];
  readonly attempts: PushAttempt[];
}

export type NewPush = Pick<RecordedPush, 'kind' | 'url' | 'body'>;

const wall = (): number => performance.now();

/** The line to the customer: sends what it is given, some of it late, twice or again. */
export class Pushes {
  readonly history: BoundedList<PushRecord>;
  private readonly late: Agenda<PushRecord>;
  private arriving: PushRecord[] = [];
  private queue: PushRecord[] = [];
  private next = 0;
  private readonly open = new Set<() => void>();
  private waiting: (() => void)[] = [];
  private sent = 0;
  private copies = 0;
  private unfinished = 0;
  private closed = false;

  constructor(
    private readonly waits: Waits,
    private readonly settings: () => Readonly<SandboxSettings>,
    private readonly now: () => number,
    historyLimit: number | null,
  ) {
    this.history = new BoundedList(historyLimit ?? Infinity);
    this.late = new Agenda(wall, waits, (push) => {
      this.enqueue(push);
    });
  }

  /** How many are not acknowledged or given up yet. */
  get pending(): number {
    return this.unfinished;
  }

  send(given: NewPush): void {
    if (this.closed) return;
    const original = this.record(given, null);
    this.copies += this.settings().quirks.pushDuplicates;
    for (; this.copies >= 1; this.copies -= 1) this.record(given, original.id);
  }

  /** Calls back when nothing is pending any more; at once when nothing is. */
  whenIdle(then: () => void): void {
    if (this.unfinished === 0) then();
    else this.waiting.push(then);
  }

  resize(historyLimit: number | null): void {
    this.history.resize(historyLimit ?? Infinity);
  }

  clear(): void {
    this.history.clear();
    this.stop();
    this.sent = 0;
    this.copies = 0;
  }

  /** Nothing is sent any more. */
  close(): void {
    this.closed = true;
    this.stop();
  }

  /** Ends what is under way, without an outcome. */
  private stop(): void {
    for (const end of this.open) end();
    this.open.clear();
    this.late.clear();
    this.arriving = [];
    this.queue = [];
    this.next = 0;
    this.unfinished = 0;
    this.wake();
  }

  private record(given: NewPush, copyOf: number | null): PushRecord {
    this.sent += 1;
    const push: PushRecord = { id: this.sent, ...given, copyOf, outcome: 'pending', attempts: [] };
    this.history.push(push);
    this.unfinished += 1;
    this.arriving.push(push);
    // what arrives in the same moment can still change places
    if (this.arriving.length === 1) {
      queueMicrotask(() => {
        this.sortIn();
      });
    }
    return push;
  }

  private sortIn(): void {
    const { pushOrder, pushDelay } = this.settings().quirks;
    const { arriving } = this;
    this.arriving = [];
    if (pushOrder === 'reversed') arriving.reverse();
    for (const push of arriving) this.after(pushDelay, push);
  }

  private after(milliseconds: number, push: PushRecord): void {
    if (milliseconds === 0) this.enqueue(push);
    else this.late.add(wall() + milliseconds, push);
  }

  private enqueue(push: PushRecord): void {
    this.queue.push(push);
    this.fill();
  }

  private fill(): void {
    while (this.open.size < this.settings().quirks.pushesAtOnce) {
      const push = this.queue[this.next];
      if (push === undefined) return;
      this.next += 1;
      // taking from the front one by one would cost as much as the queue is long
      if (this.next * 2 > this.queue.length) {
        this.queue = this.queue.slice(this.next);
        this.next = 0;
      }
      this.attempt(push);
    }
  }

  private attempt(push: PushRecord): void {
    const { pushTimeout } = this.settings().quirks;
    const at = this.now();
    const end = postPush(push.url, JSON.stringify(push.body), pushTimeout, this.waits, (answer) => {
      this.open.delete(end);
      push.attempts.push({ at, ...answer });
      this.conclude(push, answer.http === 200);
      this.fill();
    });
    this.open.add(end);
  }

  private conclude(push: PushRecord, acknowledged: boolean): void {
    const { pushRetries, pushRetrySpacing } = this.settings().quirks;
    if (!acknowledged && push.attempts.length <= pushRetries) {
      this.after(pushRetrySpacing, push);
      return;
    }
    push.outcome = acknowledged ? 'acknowledged' : 'given-up';
    this.unfinished -= 1;
    this.settings().onPush?.(push);
    if (this.unfinished === 0) this.wake();
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const then of waiting) then();
  }
}
