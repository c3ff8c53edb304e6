import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { OutboxError } from '../errors/outbox.error.js';
import type { ProcessClock } from '../runtime/clock.js';
import type { SqlTransaction } from '../sql-transaction.js';
import {
  checkDate,
  checkLane,
  checkPurpose,
  checkSealed,
  checkText,
  checkUnconfirmedAction,
} from './command-checks.js';
import { EnqueueManyError, type EnqueueManyResult } from './enqueue-many.error.js';
import {
  invalidMessage,
  MessageBatches,
  type InvalidMessage,
  type MessageBatch,
  type MessageSource,
} from './message-batches.js';
import type { MessageTexts } from './message-text.js';
import type { MessageWriter } from './message-writer.js';
import type { MessageOptions, MessageRules } from './read-message.js';

/** A message that `enqueueMany` has stored or found. */
export interface StoredSms {
  /** The position in the source, from 0. */
  readonly position: number;
  readonly id: string;
  /** `false` if the idempotency key was used before: this is the message of the earlier call. */
  readonly isNew: boolean;
}

/** How to enqueue many messages. The options of a message are for messages that do not have their own. */
export interface EnqueueManyOptions extends Pick<
  MessageOptions,
  'sendAt' | 'sendBefore' | 'onUnconfirmed' | 'purpose' | 'actor' | 'sealed'
> {
  /**
   * The lane of the messages. In the priority lane, many messages delay those that a person waits for.
   * @default 'bulk'
   */
  readonly lane?: MessageOptions['lane'];
  /**
   * The sender of the messages.
   * @default the module's `senderId`, otherwise the application's own
   */
  readonly senderId?: string | undefined;
  /**
   * The app's own SQL transaction. The messages are sent if it commits, and never existed if it is rolled back.
   * @default a transaction of its own for each batch
   */
  readonly transaction?: SqlTransaction | undefined;
  /** Stops the call with `OUTBOX_ABORTED`. Batches that are being stored then are finished first. */
  readonly signal?: AbortSignal | undefined;
  /**
   * What to do with an invalid message, or one whose idempotency key belongs to another message. `throw` stops the call.
   * A function gets each of them, in order, after the messages before it are stored, and the call goes on when the
   * function's promise resolves.
   * @default 'throw'
   */
  readonly onInvalid?: 'throw' | ((message: InvalidMessage) => unknown) | undefined;
  /**
   * Gets the ids of the messages of each batch, in order, once they are committed. With `transaction`, once they are
   * stored in it. The call goes on when its promise resolves.
   */
  readonly onStored?: ((messages: readonly StoredSms[]) => unknown) | undefined;
}

interface StoredBatch {
  readonly stored: readonly StoredSms[];
  readonly invalid: readonly InvalidMessage[];
}

/** Number of batches that are stored at once: the server stores one while the other travels, and uses two cores. */
const AT_ONCE = 2;

/** Stores any number of messages. */
export class ManyMessages {
  constructor(
    private readonly writer: MessageWriter,
    private readonly clock: Pick<ProcessClock, 'wall'>,
    private readonly rules: MessageRules,
    private readonly texts: Pick<MessageTexts, 'read'>,
  ) {}

  /** @throws as `SmsOutbox.enqueueMany`. */
  async enqueue(source: MessageSource, options: EnqueueManyOptions): Promise<EnqueueManyResult> {
    const { rules, texts } = this;
    const issues = issuesOf(source, options, rules);
    if (issues.length > 0) throw invalidCommand(issues);
    const { transaction, signal, lane = 'bulk', onInvalid = 'throw', ...defaults } = options;
    if (transaction !== undefined) await this.writer.requireTransaction(transaction);
    const skipsInvalid = onInvalid !== 'throw';
    const how = { defaults: { ...defaults, lane }, skipsInvalid, signal, rules, texts, transaction };
    const batches = new MessageBatches(source, this.clock, how);
    const progress = new Progress(options);
    const storing: { readonly keys: ReadonlySet<string>; readonly done: Promise<StoredBatch> }[] = [];
    const finishFirst = async (): Promise<void> => {
      const done = storing[0]?.done;
      const batch = await done?.finally(() => storing.shift());
      if (batch !== undefined) await progress.add(batch);
    };
    try {
      for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) {
        const { keys } = batch;
        // Of two messages with one key, the first is stored.
        while (storing.length === AT_ONCE || storing.some((earlier) => haveInCommon(earlier.keys, keys))) {
          await finishFirst();
        }
        const done = this.#store(batch, transaction);
        // Its rejection is handled when it is awaited, after the next batch is read.
        done.catch(() => undefined);
        storing.push({ keys, done });
        // The source may read by the same transaction, which runs one statement at a time.
        if (transaction !== undefined) await finishFirst();
      }
      while (storing.length > 0) await finishFirst();
      return progress.result;
    } catch (error) {
      // What is being stored is committed or not, and is counted. The first failure is the one to report.
      for (const { done } of storing) await done.then((batch) => progress.add(batch)).catch(() => undefined);
      throw progress.failure(error);
    } finally {
      await batches.close();
    }
  }

  async #store({ messages, invalid }: MessageBatch, transaction: SqlTransaction | undefined): Promise<StoredBatch> {
    if (messages.length === 0) {
      // A source without valid messages must not keep the process from everything else.
      await new Promise(setImmediate);
      return { stored: [], invalid };
    }
    const places = await this.writer.addMany(messages, transaction);
    const stored: StoredSms[] = [];
    const wrong = [...invalid];
    for (const [index, { position, overdue }] of messages.entries()) {
      const place = places[index];
      if (place === undefined) wrong.push({ position, code: 'LAAFFIC_INVALID_COMMAND', issues: overdue });
      else if (place instanceof OutboxError) wrong.push({ position, code: 'OUTBOX_KEY_REUSED', issues: [KEY_REUSED] });
      else stored.push({ position, ...place });
    }
    return { stored, invalid: wrong.sort((a, b) => a.position - b.position) };
  }
}

const KEY_REUSED: Issue = { field: 'idempotencyKey', problem: 'was used for another message before' };

/** Counts what is stored, and tells the caller. */
class Progress {
  #added = 0;
  #existing = 0;
  #invalid = 0;
  #callersError: { readonly error: unknown } | undefined;

  constructor(private readonly options: Pick<EnqueueManyOptions, 'onInvalid' | 'onStored'>) {}

  get result(): EnqueueManyResult {
    return { added: this.#added, existing: this.#existing, invalid: this.#invalid };
  }

  /** @throws {OutboxError} if it contains an invalid message that the call must stop at. */
  async add({ stored, invalid }: StoredBatch): Promise<void> {
    for (const { isNew } of stored) {
      if (isNew) this.#added++;
      else this.#existing++;
    }
    // A caller that has failed before is not called again.
    if (this.#callersError !== undefined) return;
    const { onStored, onInvalid = 'throw' } = this.options;
    if (onStored !== undefined && stored.length > 0) await this.#call(onStored, stored);
    for (const message of invalid) {
      if (onInvalid === 'throw') throw invalidMessage(message);
      this.#invalid++;
      await this.#call(onInvalid, message);
    }
  }

  /** The error of a call that stopped for this reason. */
  failure(error: unknown): unknown {
    if (error === this.#callersError?.error || !(error instanceof OutboxError)) return error;
    if (error.code === 'OUTBOX_INVALID_TRANSACTION') return error;
    const { code, message, cause, outcome } = error;
    const isStored = this.#added > 0;
    return new EnqueueManyError(
      code,
      isStored ? `${message}. Before that, ${this.#added} messages were stored` : message,
      this.result,
      { cause, outcome: isStored ? 'unknown' : outcome },
    );
  }

  async #call<T>(callback: (value: T) => unknown, value: T): Promise<void> {
    try {
      await callback(value);
    } catch (error) {
      this.#callersError = { error };
      throw error;
    }
  }
}

function haveInCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const key of b) if (a.has(key)) return true;
  return false;
}

function issuesOf(source: unknown, options: EnqueueManyOptions, { seals }: MessageRules): Issue[] {
  const { lane = 'bulk', actor = 'app', sendAt, sendBefore, onInvalid = 'throw', onStored, sealed = false } = options;
  return [
    ...(isSource(source) ? [] : [{ field: 'messages', problem: 'must be a list, or another iterable, of messages' }]),
    ...checkLane(lane),
    ...checkText('actor', actor),
    ...checkDate('sendAt', sendAt),
    ...checkDate('sendBefore', sendBefore),
    ...checkUnconfirmedAction(options.onUnconfirmed),
    ...checkPurpose(options.purpose),
    ...checkSealed(sealed, seals),
    ...(onInvalid === 'throw' || typeof onInvalid === 'function'
      ? []
      : [{ field: 'onInvalid', problem: "must be 'throw' or a function" }]),
    ...(onStored === undefined || typeof onStored === 'function'
      ? []
      : [{ field: 'onStored', problem: 'must be a function' }]),
  ];
}

function isSource(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
