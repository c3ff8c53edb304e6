import type { SqlTransaction } from '../sql-transaction.js';
import { continueCall, OwnTransaction, unfit, type CallersDatabase } from '../database/callers-database.js';
import { LANES, type Lane, type UnconfirmedAction } from '../options/outbox.options.js';
import { OutboxError } from '../errors/outbox.error.js';
import {
  addMessage,
  addMessages,
  findMessageByKey,
  findMessagesByKeys,
  lockChunks,
  type Purpose,
} from '../sql/generated.js';
import type { Statement } from '../sql/statement.js';
import type { OutboxStore } from '../store/outbox-store.js';
import type { DecidedMessage, Decision } from './decided-message.js';
import type { MessageFingerprint } from './message-fingerprint.js';

/** A message in the form in which it is stored. */
export interface NewMessage {
  readonly lane: Lane;
  /** Number of recipients. */
  readonly size: number;
  /** Joined by commas. */
  readonly numbers: string;
  /** Joined by commas, empty for recipients without one; `undefined` if no recipient has one. */
  readonly orderIds: string | undefined;
  readonly content: string;
  /** The key that the content is sealed with; `undefined` if it is not sealed. */
  readonly sealKeyId: string | undefined;
  readonly senderId: string | undefined;
  /** How many parts of an SMS the content takes. */
  readonly parts: number;
  readonly dueAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly idempotencyKey: string | undefined;
  readonly reference: string | undefined;
  /** `undefined` for what the option of the lane says. */
  readonly onUnconfirmed: UnconfirmedAction | undefined;
  readonly purpose: Purpose | undefined;
  /** Identifies the message among calls with the same key; `undefined` without a key. */
  readonly fingerprint: MessageFingerprint | undefined;
  /** Whether a caller waits for its outcome. */
  readonly hasWaiter: boolean;
  /** Who sends it, for the history. */
  readonly actor: string;
}

/** The place of a message in the outbox. */
export interface AddedMessage {
  readonly id: string;
  /** `false` if it was stored before, with the same key. */
  readonly isNew: boolean;
}

/** Stores messages, in any transaction. */
export class MessageWriter {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'callers' | 'due' | 'settings'>) {}

  /**
   * @param transaction where to store the message. @default a transaction of its own
   * @throws {OutboxError} `OUTBOX_KEY_REUSED` if the key was used for another message; `OUTBOX_INVALID_TRANSACTION` if
   * the transaction does not have the required form.
   * @throws errors of the transaction. If it is REPEATABLE READ and another call has used the key since it started, the
   * error is 40001 (`serialization_failure`), and the transaction must be retried.
   */
  async add(message: NewMessage, transaction?: SqlTransaction): Promise<AddedMessage> {
    if (transaction !== undefined) await this.requireTransaction(transaction);
    const [added] = await this.#run(transaction, addMessage, this.#paramsOf(message, transaction), 'id');
    if (added !== undefined) {
      if (transaction === undefined) this.#notify([message]);
      return { id: added.id, isNew: true };
    }
    const found = await this.find(message, transaction);
    if (found === undefined) throw unfit('it returned no row');
    return found;
  }

  /**
   * Stores a message if the statement of an extension decides so.
   * @param decision joined with the statement that stores a message.
   * @param params of what decides.
   * @param callers the database of what decides.
   * @returns what was decided.
   * @throws as {@link add}.
   */
  async addDecided<R extends Decision>(
    message: NewMessage,
    decision: DecidedMessage<R>,
    params: object,
    callers: CallersDatabase,
    transaction?: SqlTransaction,
  ): Promise<R> {
    if (transaction !== undefined) await this.requireTransaction(transaction);
    const all = { ...params, ...this.#paramsOf(message, transaction) };
    const [decided] = await callers.runIn(transaction, decision, all);
    if (decided === undefined) throw unfit('it returned no row');
    if (decided.enqueues && decided.message_id === null) throw keyReused();
    if (decided.enqueues && transaction === undefined) this.#notify([message]);
    return decided;
  }

  /**
   * @returns the message with this key, or `undefined` if there is none.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED` if the key was used for another message.
   */
  async find(
    { idempotencyKey, fingerprint }: Partial<Pick<NewMessage, 'idempotencyKey' | 'fingerprint'>>,
    transaction?: SqlTransaction,
  ): Promise<AddedMessage | undefined> {
    const params = { account: this.store.account, idempotencyKey: idempotencyKey ?? null };
    const [found] = await this.#run(transaction, findMessageByKey, params, 'id');
    if (found === undefined) return undefined;
    // A message has no fingerprint after its retention period, and later only its key is left.
    if (fingerprint?.matches(found.fingerprint) === false) throw keyReused();
    return { id: found.id, isNew: false };
  }

  /**
   * Stores many messages by one statement, and finds those that were stored before by a second one.
   * @param messages overdue ones are only found, not stored.
   * @returns for each message its place; `undefined` if it is overdue and was not stored before; an error if its key was
   * used for another message.
   * @throws as {@link add}, except `OUTBOX_KEY_REUSED`.
   */
  async addMany(
    messages: readonly { readonly message: NewMessage; readonly isOverdue: boolean }[],
    transaction?: SqlTransaction,
  ): Promise<(AddedMessage | OutboxError | undefined)[]> {
    const fresh: NewMessage[] = [];
    const firstByKey = new Map<string, NewMessage>();
    for (const { message, isOverdue } of messages) {
      const { idempotencyKey: key } = message;
      if (isOverdue || (key !== undefined && firstByKey.has(key))) continue;
      fresh.push(message);
      if (key !== undefined) firstByKey.set(key, message);
    }
    const added = await this.#insert(firstByKey.size === 0 ? fresh : fresh.sort(byKey), transaction);
    const find = () => this.#placesOf(messages, firstByKey, added, transaction);
    const places = await (transaction === undefined && added.size > 0 ? continueCall(find) : find());
    return messages.map(({ message, isOverdue }) => {
      const { idempotencyKey, fingerprint } = message;
      const first = idempotencyKey === undefined ? message : firstByKey.get(idempotencyKey);
      const id = first === undefined ? undefined : added.get(first);
      if (id !== undefined) {
        const isSame = first === message || fingerprint?.matches(first?.fingerprint?.stored ?? null) === true;
        return isSame ? { id, isNew: first === message } : keyReused();
      }
      const found = places.get(idempotencyKey ?? '');
      if (found !== undefined) {
        const isSame = fingerprint?.matches(found.fingerprint) === true;
        return isSame ? { id: found.id, isNew: false } : keyReused();
      }
      if (isOverdue) return undefined;
      throw unfit('it returned no row');
    });
  }

  /** @returns the ids of the messages that it stored. */
  async #insert(
    messages: readonly NewMessage[],
    transaction: SqlTransaction | undefined,
  ): Promise<ReadonlyMap<NewMessage, string>> {
    const [first] = messages;
    const stored = new Map<NewMessage, string>();
    if (first === undefined) return stored;
    const list = (read: (message: NewMessage) => string | undefined) => jsonOf(messages, read);
    const params = {
      account: this.store.account,
      lane: first.lane,
      actor: first.actor,
      count: String(messages.length),
      lanes: list(({ lane }) => (lane === first.lane ? undefined : lane)),
      sizes: list(({ size }) => (size === 1 ? undefined : String(size))),
      numbers: list(({ numbers }) => numbers) ?? '',
      orderIds: list(({ orderIds }) => orderIds),
      contents: list(({ content }) => content) ?? '',
      senderIds: list(({ senderId }) => senderId),
      dueAts: list(({ dueAt }) => dueAt?.toISOString()),
      expiresAts: list(({ expiresAt }) => expiresAt?.toISOString()),
      idempotencyKeys: list(({ idempotencyKey }) => idempotencyKey),
      fingerprints: list(({ fingerprint }) => fingerprint?.stored),
      references: list(({ reference }) => reference),
      actors: list(({ actor }) => (actor === first.actor ? undefined : actor)),
      notified: this.#lanesToNotify(messages, transaction).join() || null,
      onUnconfirmed: list(({ onUnconfirmed }) => onUnconfirmed),
      purposes: list(({ purpose }) => purpose),
      sealKeyIds: list(({ sealKeyId }) => sealKeyId),
      parts: list(({ parts }) => (parts === 1 ? undefined : String(parts))),
    };
    const [added] = await this.#run(transaction, addMessages, params, 'ids');
    const ids = added?.ids.split(',') ?? [];
    if (ids.length !== messages.length) throw unfit('it returned no row');
    for (const [index, message] of messages.entries()) {
      const id = ids[index];
      if (id !== undefined && id !== '') stored.set(message, id);
    }
    if (transaction === undefined) this.#notify([...stored.keys()]);
    return stored;
  }

  /**
   * The lanes whose workers the statement itself must notify. A commit that notifies waits for all others that do.
   * Without a transaction, the notification can follow the commit.
   */
  #lanesToNotify(messages: readonly NewMessage[], transaction: SqlTransaction | undefined): Lane[] {
    return transaction === undefined ? [] : lanesDue(messages).filter((lane) => this.store.due.takeTurn(lane));
  }

  #notify(messages: readonly NewMessage[]): void {
    for (const lane of lanesDue(messages)) this.store.due.notify(lane);
  }

  /** Finds messages that were stored before, by their keys. */
  async #placesOf(
    messages: readonly { readonly message: NewMessage }[],
    firstByKey: ReadonlyMap<string, NewMessage>,
    added: ReadonlyMap<NewMessage, string>,
    transaction: SqlTransaction | undefined,
  ): Promise<ReadonlyMap<string, { readonly id: string; readonly fingerprint: string | null }>> {
    const keys = new Set<string>();
    for (const { message } of messages) {
      const { idempotencyKey: key } = message;
      if (key === undefined) continue;
      const first = firstByKey.get(key);
      if (first === undefined || !added.has(first)) keys.add(key);
    }
    if (keys.size === 0) return new Map();
    const params = { account: this.store.account, idempotencyKeys: JSON.stringify([...keys]) };
    const rows = await this.#run(transaction, findMessagesByKeys, params, 'id');
    return new Map(rows.map(({ id, idempotency_key, fingerprint }) => [idempotency_key, { id, fingerprint }]));
  }

  /** @throws {OutboxError} `OUTBOX_INVALID_TRANSACTION` if it commits each statement at once, or has another form. */
  async requireTransaction(transaction: SqlTransaction): Promise<void> {
    if (transaction instanceof OwnTransaction) return;
    if (typeof transaction.query !== 'function') throw unfit('it has no such method');
    try {
      await transaction.query(this.store.callers.textOf(lockChunks), []);
    } catch (error) {
      // The error is 25P01, but each library wraps it in its own way.
      const said = error instanceof Error ? `${error.message} ${String(error.cause)}` : '';
      if (!said.includes('LOCK TABLE')) throw error;
      const message = 'This is not a transaction: it commits each statement at once, as a pool does';
      throw new OutboxError('OUTBOX_INVALID_TRANSACTION', message, { cause: error });
    }
  }

  #paramsOf(message: NewMessage, transaction: SqlTransaction | undefined) {
    return {
      account: this.store.account,
      lane: message.lane,
      size: String(message.size),
      numbers: message.numbers,
      orderIds: message.orderIds ?? null,
      content: message.content,
      senderId: message.senderId ?? null,
      dueAt: message.dueAt?.toISOString() ?? null,
      expiresAt: message.expiresAt?.toISOString() ?? null,
      idempotencyKey: message.idempotencyKey ?? null,
      fingerprint: message.fingerprint?.stored ?? null,
      hasWaiter: String(message.hasWaiter && this.store.settings.notify),
      reference: message.reference ?? null,
      actor: message.actor,
      notifies: String(this.#lanesToNotify([message], transaction).length > 0),
      onUnconfirmed: message.onUnconfirmed ?? null,
      purpose: message.purpose ?? null,
      sealKeyId: message.sealKeyId ?? null,
      parts: String(message.parts),
    };
  }

  async #run<P extends object, R extends object>(
    transaction: SqlTransaction | undefined,
    statement: Statement<P, R>,
    params: P,
    column: keyof R & string,
  ): Promise<R[]> {
    const rows = await this.store.callers.runIn(transaction, statement, params);
    if (transaction === undefined) return rows;
    if (!rows.every((row) => hasText(row, column))) throw unfit('it returned something else');
    return rows;
  }
}

function hasText(row: unknown, column: string): boolean {
  return typeof (row as Readonly<Record<string, unknown>> | null | undefined)?.[column] === 'string';
}

/** The lanes in which something can be sent at once. */
function lanesDue(messages: readonly NewMessage[]): Lane[] {
  return LANES.filter((lane) => messages.some((message) => message.lane === lane && message.dueAt === undefined));
}

/** One text or null for each message, as JSON; `null` if no message has any. */
function jsonOf(messages: readonly NewMessage[], read: (message: NewMessage) => string | undefined): string | null {
  const texts = messages.map((message) => read(message) ?? null);
  return texts.some((text) => text !== null) ? JSON.stringify(texts) : null;
}

/**
 * The order in which keys are stored. Two transactions that store some of the same keys cannot wait for each other if
 * both have the same order.
 */
function byKey({ idempotencyKey: a = '' }: NewMessage, { idempotencyKey: b = '' }: NewMessage): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function keyReused(): OutboxError {
  return new OutboxError('OUTBOX_KEY_REUSED', 'This idempotency key was used for another message before');
}
