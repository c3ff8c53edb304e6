import { Tally, type Figures } from './figures.js';
import type { Start, StartOutcome, Traffic } from './start.js';
import { DAY } from './time-units.js';
import { TimeQueue } from './time-queue.js';

// Jest looks up each global in a slow way, and this is needed a million times.
const { floor } = Math;

/** What a guard may know of a start. */
export type StartRequest = Pick<Start, 'at' | 'number' | 'country' | 'source' | 'isKnown' | 'cost'>;

/** A guard under judgement, with a clock that the judge sets. Calls never overlap. */
export interface GuardTarget {
  /** The time is now `at`, in milliseconds since 1970. It never goes back. */
  advanceTo(at: number): void | Promise<void>;
  /** A request that has to pass a challenge is `rejected`. */
  start(request: StartRequest): StartOutcome | Promise<StartOutcome>;
  /** The right code was entered. `request` is the same object as in the call of `start` that sent it. */
  approve(request: StartRequest): void | Promise<void>;
}

/** Traffic, and the part of it that is judged. */
export interface Scenario {
  readonly name: string;
  /** The same traffic at each call. */
  readonly traffic: () => Traffic;
  /** Starts before this time only teach the guard. */
  readonly judgedFrom: number;
  /** A time in which no message is delivered. */
  readonly outage?: { readonly from: number; readonly to: number } | undefined;
}

/** A start and its further tries. */
interface Visit {
  readonly start: Start;
  tries: number;
  isServed: boolean;
  readonly isKnown: boolean;
}

type Event =
  | { readonly type: 'try'; readonly at: number; readonly visit: Visit }
  | { readonly type: 'approval'; readonly at: number; readonly request: StartRequest };

/**
 * Replays a scenario in order of time against a guard. A code is entered only if its message was sent and delivered.
 * Real users who get no message retry.
 * @throws {RangeError} if the traffic is not in order of time.
 */
export async function judge(scenario: Scenario, target: GuardTarget): Promise<Figures> {
  return new Replay(scenario, target).run();
}

class Replay {
  readonly #queue = new TimeQueue<Event>();
  readonly #approved = new Set<string>();
  readonly #tally = new Tally();
  readonly #traffic: Traffic;
  #now = -Infinity;

  constructor(
    private readonly scenario: Scenario,
    private readonly target: GuardTarget,
  ) {
    this.#traffic = scenario.traffic();
  }

  async run(): Promise<Figures> {
    const { target } = this;
    // It waits only for promises: most targets are synchronous, and there are millions of calls.
    for (const event of this.#events()) {
      if (this.#hasTimePassed(event.at)) {
        const advanced = target.advanceTo(this.#now);
        if (typeof advanced === 'object') await advanced;
      }
      if (event.type === 'approval') {
        this.#approved.add(event.request.number);
        const approved = target.approve(event.request);
        if (typeof approved === 'object') await approved;
      } else {
        const request = this.#requestOf(event.visit);
        const answer = target.start(request);
        this.#record(event.visit, request, typeof answer === 'object' ? await answer : answer);
      }
    }
    return this.#tally.figures();
  }

  /** In order of time. What is queued in between takes its place. */
  *#events(): Generator<Event> {
    let last = -Infinity;
    for (const start of this.#traffic.starts) {
      if (!(start.at >= last)) throw new RangeError(`A start at ${start.at} comes after one at ${last}`);
      last = start.at;
      for (let due = this.#queue.takeUntil(last); due !== undefined; due = this.#queue.takeUntil(last)) yield due;
      const isKnown = start.isKnown || this.#approved.has(start.number);
      yield { type: 'try', at: last, visit: { start, tries: 0, isServed: false, isKnown } };
    }
    for (let due = this.#queue.takeUntil(); due !== undefined; due = this.#queue.takeUntil()) yield due;
  }

  #hasTimePassed(at: number): boolean {
    if (at === this.#now) return false;
    this.#now = at;
    return true;
  }

  #requestOf({ start, isKnown }: Visit): StartRequest {
    const { number, country, source, cost } = start;
    return { at: this.#now, number, country, source, isKnown: isKnown || this.#approved.has(number), cost };
  }

  #record(visit: Visit, request: StartRequest, outcome: StartOutcome): void {
    const { start } = visit;
    this.#traffic.observe?.(start, outcome);
    const isFirst = visit.tries === 0;
    const waitMs = start.retryAfterMs[visit.tries++];
    visit.isServed ||= outcome === 'sent';
    const isDelivered = outcome === 'sent' && !this.#isOutage();
    if (!isDelivered && waitMs !== undefined) this.#add({ type: 'try', at: this.#now + waitMs, visit });
    if (isDelivered && start.willEnterCodeAfterMs !== undefined)
      this.#add({ type: 'approval', at: this.#now + start.willEnterCodeAfterMs, request });

    const { judgedFrom } = this.scenario;
    if (start.at < judgedFrom) return;
    const day = floor((start.at - judgedFrom) / DAY);
    if (start.isAttack) this.#tally.addAttack(day, outcome, start.cost);
    else {
      const hasGivenUp = !visit.isServed && waitMs === undefined;
      this.#tally.addReal(day, outcome, { isFirst, hasGivenUp, isKnown: visit.isKnown, number: start.number });
    }
  }

  #add(event: Event): void {
    this.#queue.add(event.at, event);
  }

  #isOutage(): boolean {
    const { outage } = this.scenario;
    return outage !== undefined && this.#now >= outage.from && this.#now < outage.to;
  }
}
