import { deliveryOf, outcomeOf, type Delivery, type TrackedMessage } from '../delivery/delivery.js';
import type { SandboxSettings } from '../options/sandbox.options.js';
import { Agenda } from '../timing/agenda.js';
import type { Waits } from '../timing/waits.js';
import type { Pushes } from './pushes.js';
import { reportBody } from './report.body.js';

interface Surroundings {
  readonly settings: () => Readonly<SandboxSettings>;
  readonly now: () => number;
  readonly waits: Waits;
  readonly pushes: Pushes;
}

/** Tells the customer what became of the messages, when it is known. */
export class Reporter {
  /** One entry for each call, not for each message. */
  private readonly agenda: Agenda<readonly TrackedMessage[]>;
  private waiting: (() => void)[] = [];
  private awaited = 0;

  constructor(private readonly around: Surroundings) {
    this.agenda = new Agenda(around.now, around.waits, (messages) => {
      this.come(messages);
    });
  }

  /** Messages whose report is still to come. */
  get pending(): number {
    return this.awaited;
  }

  /** Reports the messages of one call when their time comes, if there is an address to report to. */
  expect(messages: readonly TrackedMessage[]): void {
    const [first] = messages;
    if (this.around.settings().pushReportsTo === null || first === undefined) return;
    if (first.course.doneAt === Infinity) return;
    for (const tracked of messages) tracked.awaited = true;
    this.awaited += messages.length;
    this.agenda.add(first.course.doneAt, messages);
  }

  /** Reports the outcome of these messages before its time. */
  hurry(messages: readonly TrackedMessage[]): void {
    for (const tracked of messages) this.settle(tracked, outcomeOf(tracked.course, this.around.now()));
  }

  settle(tracked: TrackedMessage, delivery: Delivery): void {
    tracked.settled = delivery;
    this.stopAwaiting(tracked);
    if (delivery.doneAt !== null) this.report(tracked);
    this.wake();
  }

  /** Reports what is due by now, and calls back when no report is to come any more. */
  whenIdle(then: () => void): void {
    this.agenda.catchUp();
    if (this.awaited === 0) then();
    else this.waiting.push(then);
  }

  clear(): void {
    this.agenda.clear();
    this.awaited = 0;
    this.wake();
  }

  private come(messages: readonly TrackedMessage[]): void {
    for (const tracked of messages) {
      if (this.stopAwaiting(tracked)) this.report(tracked);
    }
    this.wake();
  }

  /** Whether it was waited for until now. */
  private stopAwaiting(tracked: TrackedMessage): boolean {
    const { awaited } = tracked;
    if (awaited) this.awaited -= 1;
    tracked.awaited = false;
    return awaited;
  }

  private report(tracked: TrackedMessage): void {
    const { settings, now, pushes } = this.around;
    const { pushReportsTo: url, quirks } = settings();
    if (url === null) return;
    pushes.send({ kind: 'report', url, body: reportBody(tracked.message, deliveryOf(tracked, now()), quirks) });
  }

  private wake(): void {
    if (this.awaited > 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const then of waiting) then();
  }
}
