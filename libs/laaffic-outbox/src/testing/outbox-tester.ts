import { AssertionError } from 'node:assert';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { maskNumber, normalizeNumber } from 'nestjs-laaffic';
import type { OutboxParts } from '../outbox-tokens.js';
import { Signal } from '../runtime/signal.js';
import type { ActivityRecipients } from '../store/activity.js';
import { millisecondsOf, type Duration } from './duration.js';
import { describeEnqueued, readEnqueued, type EnqueuedMessage } from './enqueued-messages.js';
import { SchemaContents } from './schema-contents.js';

/** Selects messages of the outbox. */
export type EnqueuedPredicate = (message: EnqueuedMessage) => boolean;

/** What {@link OutboxTester.runDue} did: the requests, and how many recipients changed to each state because of it. */
export interface RunResult extends Readonly<Record<ActivityRecipients, number>> {
  /** Number of requests to the gateway, or to its fake. */
  readonly requests: number;
}

/** How often to look for work that nothing in this process announces, in milliseconds. */
const LOOK_EVERY = 50;

/**
 * The outbox of an account in the hands of a test. It is the real outbox, on a real PostgreSQL; only its worker waits for
 * the test. Import {@link OutboxTestingModule} to get it.
 * @example
 * await app.get(Orders).ship(order);
 * await tester.assertEnqueuedTo('91856321412', ({ reference }) => reference === order.id);
 * await tester.advance({ hours: 2 });
 * await tester.runDue();
 * sms.assertSentCount(1);
 */
@Injectable()
export class OutboxTester implements OnModuleInit {
  readonly #find: () => OutboxParts;
  /** Notified when this process, or another one, says that something is due. */
  readonly #due = new Signal();
  #found: OutboxParts | undefined;

  constructor(parts: () => OutboxParts) {
    this.#find = parts;
  }

  /** Takes the outbox over before it starts. */
  onModuleInit(): void {
    this.#parts.store.isManual = true;
  }

  /**
   * Does everything that is due now and resolves when nothing is left: sends messages and campaigns, fetches delivery
   * reports, looks up unknown messages, ends grace periods, rejects expired messages, and calls the event handlers of
   * the app, also for what these enqueue. Only {@link runRetention} erases anything.
   *
   * It never waits. What is to be retried after a pause stays `pending` until the test calls {@link advance}: messages
   * that the gateway did not accept, and handlers that failed. The `rate` of the outbox is not kept.
   *
   * It does not reject if a request, a handler or the database fails: what the outbox logs then, it logs here too.
   */
  async runDue(): Promise<RunResult> {
    const { store, worker, reconciler, dispatcher } = this.#parts;
    const result = { requests: 0, accepted: 0, rejected: 0, unknown: 0, held: 0, abandoned: 0 };
    const activity = store.activity.subscribe(({ request, recipients }) => {
      if (request !== undefined) result.requests += 1;
      for (const [state, count] of Object.entries(recipients)) result[state as ActivityRecipients] += count;
    });
    try {
      let isHeldUp = false;
      const send = async (): Promise<boolean> => {
        if (isHeldUp) return false;
        const sent = await worker.sendDue();
        isHeldUp = sent.isHeldUp;
        return sent.claimed > 0;
      };
      let hasHandled: boolean;
      do {
        await worker.maintain();
        if (await send()) await worker.maintain();
        await reconciler.runDue();
        // A handler may send a message and wait for its outcome.
        hasHandled = await this.#whileRunning(dispatcher.runDue(), send);
      } while (hasHandled);
    } finally {
      activity.unsubscribe();
    }
    return result;
  }

  /**
   * Runs the outbox, like a worker in the background, until a promise resolves or rejects, and returns its result. For
   * code that waits for an outcome, such as `outbox.send()`. Retries take as long as in production.
   * @param pending what waits for the outbox, for example a call of a service, or a request of supertest.
   * @throws what the promise rejects with.
   * @example
   * expect(await tester.runWhile(app.get(Logins).sendCode('91856321412', '482913'))).toBe(true);
   */
  async runWhile<T>(pending: PromiseLike<T>): Promise<T> {
    const result = Promise.resolve(pending);
    await this.#whileRunning(
      result.then(
        () => undefined,
        () => undefined,
      ),
      () => this.runDue(),
      LOOK_EVERY,
    );
    return result;
  }

  /**
   * Lets time pass in the outbox: everything in it happened that much longer ago. So messages and campaigns become due,
   * others expire, and grace periods, pauses and retention periods end. It sends nothing: call {@link runDue} then. It
   * moves every stored time of the schema into the past, for all accounts in it.
   *
   * The present stays the present, so nothing has to fake `Date`: an app may go on with
   * `sendAt: new Date(Date.now() + 60_000)`, and the `dueAt` of a message that has just become due is about now. But a
   * date that the app or the test noted before does not move, and neither do other tables, timers, and the times of the
   * fake gateway.
   * @param duration its parts, or a number of milliseconds.
   * @throws {RangeError} if the duration is less than 0 or not a number.
   * @example
   * await tester.advance({ days: 91 });
   * await tester.advance(500);
   */
  async advance(duration: Duration | number): Promise<void> {
    await new SchemaContents(this.#parts.store.database).moveBack(millisecondsOf(duration));
  }

  /** Erases numbers and texts, and deletes messages, campaigns and idempotency keys, whose time is over. */
  async runRetention(): Promise<void> {
    await this.#parts.worker.erase();
  }

  /**
   * Deletes all messages and campaigns of the schema, and everything else in it except templates, and forgets pauses of
   * the account. Call it between tests that share an app or a schema. It does not reset the `FakeSmsService`.
   */
  async reset(): Promise<void> {
    const { store, worker } = this.#parts;
    await new SchemaContents(store.database).clear();
    worker.forget();
  }

  /** Returns all messages in the order in which they were enqueued, in whatever state. Campaigns are not messages. */
  enqueued(): Promise<EnqueuedMessage[]> {
    return readEnqueued(this.#parts.store);
  }

  /** Asserts that a message was enqueued that the predicate accepts. @throws {AssertionError} */
  async assertEnqueued(predicate: EnqueuedPredicate = anything): Promise<void> {
    const messages = await this.enqueued();
    if (!messages.some(predicate)) fail(`Expected a message${accepted(predicate)}`, messages);
  }

  /**
   * Asserts that a message was enqueued to a number, perhaps among others, and that the predicate accepts it.
   * @param number in any form that a send accepts.
   * @throws {AssertionError}
   * @example
   * await tester.assertEnqueuedTo('+91 8563 21412', ({ content }) => content?.includes('booked') === true);
   */
  async assertEnqueuedTo(number: string, predicate: EnqueuedPredicate = anything): Promise<void> {
    const messages = await this.enqueued();
    const isTo = recipientIs(number);
    if (messages.some((message) => isTo(message) && predicate(message))) return;
    fail(`Expected a message to ${masked(number)}${accepted(predicate)}`, messages);
  }

  /**
   * Asserts that no message was enqueued to a number.
   * @param number in any form that a send accepts.
   * @throws {AssertionError}
   */
  async assertNotEnqueuedTo(number: string): Promise<void> {
    const messages = await this.enqueued();
    if (messages.some(recipientIs(number))) fail(`Expected no message to ${masked(number)}`, messages);
  }

  /** Asserts the number of messages; one to several recipients counts once. @throws {AssertionError} */
  async assertEnqueuedCount(count: number): Promise<void> {
    const messages = await this.enqueued();
    if (messages.length !== count) fail(`Expected ${count} ${count === 1 ? 'message' : 'messages'}`, messages);
  }

  /** Asserts that no message was enqueued. @throws {AssertionError} */
  async assertNothingEnqueued(): Promise<void> {
    const messages = await this.enqueued();
    if (messages.length > 0) fail('Expected no message', messages);
  }

  get #parts(): OutboxParts {
    if (this.#found === undefined) {
      this.#found = this.#find();
      this.#found.store.listener.on('due', () => {
        this.#due.notify();
      });
    }
    return this.#found;
  }

  /**
   * Works whenever something is due, until a promise resolves that never rejects.
   * @param lookEvery works also at once, and after this many milliseconds. @default only when something is due
   */
  async #whileRunning<T>(pending: Promise<T>, work: () => Promise<unknown>, lookEvery?: number): Promise<T> {
    const state = { isOver: false };
    void pending.then(() => {
      state.isOver = true;
      this.#due.notify();
    });
    let next = this.#due.next();
    if (lookEvery !== undefined) await work();
    for (;;) {
      await (lookEvery === undefined ? next : this.#due.wait(next, lookEvery));
      if (state.isOver) return pending;
      next = this.#due.next();
      await work();
    }
  }
}

function recipientIs(number: string): EnqueuedPredicate {
  const digits = normalizeNumber(number);
  if (digits === undefined) {
    throw assertionError('Expected a phone number with country code to look for, 7 to 15 digits');
  }
  return ({ recipients }) => recipients.some((recipient) => recipient.number === digits);
}

function fail(expectation: string, messages: readonly EnqueuedMessage[]): never {
  throw assertionError(`${expectation}; ${describeEnqueued(messages)}`);
}

/** With the operator of `assert.fail`; with another one Jest prints values that do not exist. */
function assertionError(message: string): AssertionError {
  return new AssertionError({ message, operator: 'fail' });
}

function anything(): boolean {
  return true;
}

function accepted(predicate: EnqueuedPredicate): string {
  return predicate === anything ? '' : ' that the predicate accepts';
}

function masked(number: string): string {
  return maskNumber(normalizeNumber(number) ?? number);
}
