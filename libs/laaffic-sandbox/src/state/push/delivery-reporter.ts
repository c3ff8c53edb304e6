import { pushUrl } from '../../options/push-address.js';
import type { SandboxSettings } from '../../options/sandbox-options.js';
import { deliveryOf, plannedOutcome, type Delivery, type TrackedMessage } from '../delivery/delivery.js';
import { Scheduler } from '../timing/scheduler.js';
import type { Timers } from '../timing/timers.js';
import { reportBody } from './push-bodies.js';
import type { Pushes } from './pushes.js';

interface ReporterContext {
  readonly settings: () => Readonly<SandboxSettings>;
  readonly now: () => number;
  readonly timers: Timers;
  readonly pushes: Pushes;
}

/** Pushes the delivery report of each message when the message is done. */
export class DeliveryReporter {
  /** One entry for each call, not for each message. */
  readonly #scheduler: Scheduler<readonly TrackedMessage[]>;
  #idleCallbacks: (() => void)[] = [];
  #pending = 0;

  constructor(private readonly context: ReporterContext) {
    this.#scheduler = new Scheduler(context.now, context.timers, (messages) => {
      this.#reportDue(messages);
    });
  }

  /** Number of reports that are due later. */
  get pending(): number {
    return this.#pending;
  }

  /** Schedules the reports of the messages of one call, if there is an address for them. */
  schedule(messages: readonly TrackedMessage[]): void {
    const [first] = messages;
    if (first === undefined || !this.hasAddress(first.message.appId)) return;
    if (first.plan.doneAt === Infinity) return;
    for (const tracked of messages) tracked.isReportDue = true;
    this.#pending += messages.length;
    this.#scheduler.add(first.plan.doneAt, messages);
  }

  /** Ends these messages as planned, but now, and reports them. */
  flush(messages: readonly TrackedMessage[]): void {
    for (const tracked of messages) this.setDelivery(tracked, plannedOutcome(tracked.plan, this.context.now()));
  }

  /** Replaces the plan of a message. A final state is reported. */
  setDelivery(tracked: TrackedMessage, delivery: Delivery): void {
    tracked.fixedDelivery = delivery;
    this.#unschedule(tracked);
    if (delivery.doneAt !== null) this.#report(tracked);
    this.#notifyIfIdle();
  }

  /** Reports what is due now and calls back once no report is due later. */
  whenIdle(then: () => void): void {
    this.#scheduler.runDue();
    if (this.#pending === 0) then();
    else this.#idleCallbacks.push(then);
  }

  clear(): void {
    this.#scheduler.clear();
    this.#pending = 0;
    this.#notifyIfIdle();
  }

  /** Whether there is an address for the reports of an application. */
  hasAddress(appId: string): boolean {
    return pushUrl(this.context.settings().pushReportsTo, appId) !== undefined;
  }

  #reportDue(messages: readonly TrackedMessage[]): void {
    for (const tracked of messages) {
      if (this.#unschedule(tracked)) this.#report(tracked);
    }
    this.#notifyIfIdle();
  }

  /** Returns whether a report was due. */
  #unschedule(tracked: TrackedMessage): boolean {
    const { isReportDue } = tracked;
    if (isReportDue) this.#pending -= 1;
    tracked.isReportDue = false;
    return isReportDue;
  }

  #report(tracked: TrackedMessage): void {
    const { settings, now, pushes } = this.context;
    const { pushReportsTo, quirks } = settings();
    const url = pushUrl(pushReportsTo, tracked.message.appId);
    if (url === undefined) return;
    pushes.send({ kind: 'report', url, body: reportBody(tracked.message, deliveryOf(tracked, now()), quirks) });
  }

  #notifyIfIdle(): void {
    if (this.#pending > 0) return;
    const callbacks = this.#idleCallbacks;
    this.#idleCallbacks = [];
    for (const then of callbacks) then();
  }
}
