import { Subject, type Observable } from 'rxjs';
import type { GuardAlarm } from './guard-alarm.js';
import type { Decision, GuardStore } from './guard-store.js';

/** What a rule rejected, or would reject in shadow. */
export type NewDecision = Omit<Decision, 'count'>;

/** Different numbers of a rule that are kept in one round. An attack has many. */
const MOST_NUMBERS = 50;
/** A process stores an alarm again after this time, as long as it goes on. */
const ALARM_AGAIN_MS = 60_000;
/** Rules whose rejections are alarms of their own. The guard raises the others when it reads the traffic. */
const ALARMING = new Set(['range', 'sim-change']);

type RaisedAlarm = Parameters<GuardStore['raiseAlarms']>[0][number];

/**
 * Collects what the guard decided, and stores it from time to time: a start must not wait for it, and an attack must not
 * fill the database. A process that is killed loses what it has collected since.
 */
export class Decisions {
  #decisions = new Map<string, Decision>();
  readonly #alarms = new Map<string, RaisedAlarm>();
  readonly #storedAt = new Map<string, number>();
  readonly #newAlarms = new Subject<GuardAlarm>();
  #flushing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: GuardStore,
    private readonly now: () => number = Date.now,
  ) {}

  /** Alarms that this process was the first to raise, when they are stored. */
  get newAlarms(): Observable<GuardAlarm> {
    return this.#newAlarms.asObservable();
  }

  record(decision: NewDecision): void {
    const { tenant, purpose, country, rule, isShadow, numberKey } = decision;
    const one = JSON.stringify([tenant, purpose, country, rule, isShadow, numberKey?.toString('hex')]);
    const isFull = this.#decisions.size >= MOST_NUMBERS && !this.#decisions.has(one);
    const key = isFull ? JSON.stringify([tenant, purpose, country, rule, isShadow]) : one;
    const count = (this.#decisions.get(key)?.count ?? 0) + 1;
    this.#decisions.set(key, { ...decision, numberKey: isFull ? undefined : numberKey, count });
    if (ALARMING.has(rule)) this.raise(rule, country);
  }

  /** Raises an alarm, or says that it goes on. */
  raise(type: string, scope: string): void {
    this.#add({ type, scope, count: 1 });
  }

  /** Stores what was collected. What could not be stored is kept for the next time. */
  flush(): Promise<void> {
    // One at a time, or both would store the same.
    const next = this.#flushing.then(() => this.#flush());
    this.#flushing = next.catch(() => undefined);
    return next;
  }

  /** Forgets everything that was not stored. */
  clear(): void {
    this.#decisions.clear();
    this.#alarms.clear();
    this.#storedAt.clear();
  }

  async #flush(): Promise<void> {
    const decisions = this.#decisions;
    if (decisions.size > 0) {
      this.#decisions = new Map();
      try {
        await this.store.recordDecisions([...decisions.values()]);
      } catch (error) {
        for (const [key, each] of decisions) {
          const count = (this.#decisions.get(key)?.count ?? 0) + each.count;
          this.#decisions.set(key, { ...each, count });
        }
        throw error;
      }
    }
    await this.#flushAlarms();
  }

  async #flushAlarms(): Promise<void> {
    const now = this.now();
    const due = [...this.#alarms].filter(([key]) => {
      const ageMs = now - (this.#storedAt.get(key) ?? -Infinity);
      // A clock may be set back.
      return ageMs >= ALARM_AGAIN_MS || ageMs < 0;
    });
    if (due.length === 0) return;
    for (const [key] of due) this.#alarms.delete(key);
    let raised: readonly GuardAlarm[];
    try {
      raised = await this.store.raiseAlarms(due.map(([, alarm]) => alarm));
    } catch (error) {
      for (const [, alarm] of due) this.#add(alarm);
      throw error;
    }
    for (const [key] of due) this.#storedAt.set(key, now);
    for (const alarm of raised) this.#newAlarms.next(alarm);
  }

  #add({ type, scope, count }: RaisedAlarm): void {
    const key = `${type} ${scope}`;
    this.#alarms.set(key, { type, scope, count: count + (this.#alarms.get(key)?.count ?? 0) });
  }
}
