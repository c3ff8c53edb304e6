import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { OutboxError } from '../errors/outbox.error.js';
import type { ProcessClock } from '../runtime/clock.js';
import type { SqlTransaction } from '../sql-transaction.js';
import type { MessageTexts, OutboxSms, RenderedSms } from './message-text.js';
import type { NewMessage } from './message-writer.js';
import { readMessage, type MessageOptions, type MessageRules } from './read-message.js';

/** A message of `enqueueMany`: its text or template, its recipients, and its own options. */
export type NewSms = OutboxSms & MessageOptions;

/** Messages, read once and in order. */
export type MessageSource = Iterable<NewSms> | AsyncIterable<NewSms>;

/** A message that `enqueueMany` did not store. */
export interface InvalidMessage {
  /** The position in the source, from 0. */
  readonly position: number;
  /** `OUTBOX_KEY_REUSED` if its idempotency key belongs to another message. */
  readonly code: 'LAAFFIC_INVALID_COMMAND' | 'OUTBOX_KEY_REUSED';
  /** Each wrong field, and what is wrong with it. */
  readonly issues: readonly Issue[];
}

/** A valid message of a batch. */
export interface BatchMessage {
  readonly position: number;
  readonly message: NewMessage;
  readonly isOverdue: boolean;
  /** What is wrong if it is overdue and was not stored before. */
  readonly overdue: readonly Issue[];
}

/** Consecutive messages of the source. */
export interface MessageBatch {
  readonly messages: readonly BatchMessage[];
  readonly invalid: readonly InvalidMessage[];
  /** The idempotency keys of the messages. */
  readonly keys: ReadonlySet<string>;
}

/** How to read a source. */
export interface BatchOptions {
  readonly defaults: MessageOptions & { readonly senderId?: string | undefined };
  /** Whether to go on after an invalid message. */
  readonly skipsInvalid: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly rules: MessageRules;
  readonly texts: Pick<MessageTexts, 'read'>;
  /** Where to read templates. */
  readonly transaction?: SqlTransaction | undefined;
}

/** One statement stores up to this many messages: enough that round trips cost little, at most 8 MB of text. */
const MAX_MESSAGES = 2_000;
/** And about this many recipients, because a message may have a thousand. */
const MAX_RECIPIENTS = 20_000;

/** Reads a source batch by batch, and never further than requested. */
export class MessageBatches {
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  readonly #isAsync: boolean;
  #position = 0;
  /** Whether the source must not be read or closed any more. */
  #isEnded = false;
  #failure: { readonly error: unknown } | undefined;
  /** Rejects the read that waits for the source. */
  #interrupt: ((error: OutboxError) => void) | undefined;
  readonly #onAbort = (): void => {
    this.#interrupt?.(this.#aborted());
  };

  constructor(
    private readonly source: MessageSource,
    private readonly clock: Pick<ProcessClock, 'wall'>,
    private readonly options: BatchOptions,
  ) {
    this.#isAsync = Symbol.asyncIterator in source;
    options.signal?.addEventListener('abort', this.#onAbort);
  }

  /**
   * @returns `undefined` at the end of the source. Messages before an invalid one, or before a failure of the source, are
   * returned first.
   * @throws {OutboxError} `OUTBOX_SOURCE_FAILED`, `OUTBOX_INVALID_MESSAGE`; `OUTBOX_ABORTED`, and then what was read since
   * the last batch is left out.
   * @throws what the reading of a template throws.
   */
  async next(): Promise<MessageBatch | undefined> {
    const { signal, texts, transaction } = this.options;
    const now = this.clock.wall();
    const messages: BatchMessage[] = [];
    const invalid: InvalidMessage[] = [];
    const keys = new Set<string>();
    let recipients = 0;
    while (
      !this.#isEnded &&
      this.#failure === undefined &&
      messages.length + invalid.length < MAX_MESSAGES &&
      recipients < MAX_RECIPIENTS
    ) {
      if (signal?.aborted === true) throw this.#aborted();
      const step = this.#isAsync ? await this.#step() : this.#syncStep();
      if (step === undefined || step.done === true) break;
      const position = this.#position++;
      const found = texts.read(step.value, transaction);
      // A text that is known needs no turn of the event loop.
      const text = found instanceof Promise ? await this.#readText(found) : found;
      if (text === undefined) break;
      const read = this.#check(step.value, text, now);
      if ('issues' in read) {
        const wrong = { position, code: 'LAAFFIC_INVALID_COMMAND', issues: read.issues } as const;
        if (this.options.skipsInvalid) {
          invalid.push(wrong);
          continue;
        }
        this.#failure = { error: invalidMessage(wrong) };
      } else {
        messages.push({ position, isOverdue: read.overdue.length > 0, ...read });
        recipients += read.message.size;
        if (read.message.idempotencyKey !== undefined) keys.add(read.message.idempotencyKey);
      }
    }
    if (messages.length > 0 || invalid.length > 0) return { messages, invalid, keys };
    if (this.#failure !== undefined) throw this.#failure.error;
    return undefined;
  }

  /** Closes the source. */
  async close(): Promise<void> {
    this.options.signal?.removeEventListener('abort', this.#onAbort);
    if (this.#isEnded) return;
    this.#isEnded = true;
    const closing = Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
    // A generator that still waits for something ends only afterwards.
    if (this.#interrupt === undefined) await closing;
  }

  #syncStep(): IteratorResult<unknown, unknown> | undefined {
    try {
      this.#iterator ??= open(this.source);
      return this.#ended(this.#iterator.next() as IteratorResult<unknown, unknown>);
    } catch (cause) {
      this.#fail(cause);
      return undefined;
    }
  }

  /** @throws {OutboxError} `OUTBOX_ABORTED`, without waiting for the source. */
  async #step(): Promise<IteratorResult<unknown, unknown> | undefined> {
    try {
      this.#iterator ??= open(this.source);
      const step = Promise.resolve(this.#iterator.next());
      if (this.options.signal === undefined) return this.#ended(await step);
      return this.#ended(await this.#unlessAborted(step));
    } catch (cause) {
      if (this.#interrupt !== undefined) throw cause;
      this.#fail(cause);
      return undefined;
    }
  }

  #unlessAborted<T>(step: Promise<T>): Promise<T> {
    // One promise for the whole call would keep a reaction for each message until the signal aborts.
    const aborted = new Promise<never>((_, reject) => {
      this.#interrupt = reject;
    });
    const onSettled = (): void => {
      this.#interrupt = undefined;
    };
    void step.then(onSettled, onSettled);
    return Promise.race([step, aborted]);
  }

  #ended(step: IteratorResult<unknown, unknown>): IteratorResult<unknown, unknown> {
    if (step.done === true) this.#isEnded = true;
    return step;
  }

  /** An iterator that threw is finished and must not be closed. */
  #fail(cause: unknown): void {
    this.#isEnded = true;
    const message = `The source of the messages failed after ${this.#position} messages`;
    this.#failure = { error: new OutboxError('OUTBOX_SOURCE_FAILED', message, { cause }) };
  }

  /** @returns `undefined` if a template could not be read. The messages before it are returned first. */
  async #readText(text: Promise<RenderedSms>): Promise<RenderedSms | undefined> {
    try {
      return await text;
    } catch (error) {
      this.#failure = { error };
      return undefined;
    }
  }

  #check(entry: unknown, text: RenderedSms, now: number): ReturnType<typeof readMessage> {
    const message = (typeof entry === 'object' && entry !== null ? entry : {}) as NewSms;
    const { defaults, rules } = this.options;
    const { senderId = defaults.senderId } = message;
    return readMessage(
      { ...text, senderId },
      {
        idempotencyKey: message.idempotencyKey,
        reference: message.reference,
        sendAt: message.sendAt === undefined ? defaults.sendAt : message.sendAt,
        sendBefore: message.sendBefore === undefined ? defaults.sendBefore : message.sendBefore,
        lane: message.lane === undefined ? defaults.lane : message.lane,
        onUnconfirmed: message.onUnconfirmed === undefined ? defaults.onUnconfirmed : message.onUnconfirmed,
        purpose: message.purpose === undefined ? defaults.purpose : message.purpose,
        actor: message.actor === undefined ? defaults.actor : message.actor,
        sealed: message.sealed === undefined ? defaults.sealed : message.sealed,
      },
      now,
      false,
      rules,
    );
  }

  #aborted(): OutboxError {
    return new OutboxError('OUTBOX_ABORTED', 'The signal was aborted', { cause: this.options.signal?.reason });
  }
}

function open(source: MessageSource): Iterator<unknown> | AsyncIterator<unknown> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** The error of a call that stops at an invalid message. */
export function invalidMessage({ position, code, issues }: InvalidMessage): OutboxError {
  const cause = invalidCommand(
    issues.map(({ field, problem }) => ({ field: `messages[${position}].${field}`, problem })),
  );
  const isReused = code === 'OUTBOX_KEY_REUSED';
  return new OutboxError(
    isReused ? code : 'OUTBOX_INVALID_MESSAGE',
    `Message ${position} is invalid: ${issues.map(({ field, problem }) => `${field} ${problem}`).join('; ')}`,
    { cause },
  );
}
