import { createHash } from 'node:crypto';
import { rowsOf, type SqlTransaction } from '../sql-transaction.js';
import { valuesOf } from '../database/database.js';
import type { Lane } from '../options/outbox.options.js';
import { OutboxError } from '../errors/outbox.error.js';
import { addMessage, findMessageByKey, lockChunks } from '../sql/generated.js';
import type { Statement } from '../sql/statement.js';
import type { OutboxStore } from '../store/outbox-store.js';

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
  readonly senderId: string | undefined;
  readonly dueAt: Date | undefined;
  readonly expiresAt: Date | undefined;
  readonly idempotencyKey: string | undefined;
  readonly reference: string | undefined;
  /** Identifies the message among calls with the same key. */
  readonly fingerprint: string;
  /** Whether a caller waits for its outcome. */
  readonly hasWaiter: boolean;
  /** Who sends it, for the history. */
  readonly actor: string;
}

/** Identifies the same content among calls with the same idempotency key. */
export function fingerprintOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
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
  async add(message: NewMessage, transaction?: SqlTransaction): Promise<{ id: string; isNew: boolean }> {
    if (transaction !== undefined) await this.#requireTransaction(transaction);
    const isDue = message.dueAt === undefined;
    // A commit that notifies waits for all others that do. Without a transaction, the notification can follow the commit.
    const notifies = transaction !== undefined && isDue && this.store.due.takeTurn(message.lane);
    const [added] = await this.#run(transaction, addMessage, {
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
      fingerprint: message.fingerprint,
      hasWaiter: String(message.hasWaiter && this.store.settings.notify),
      reference: message.reference ?? null,
      actor: message.actor,
      notifies: String(notifies),
    });
    if (added !== undefined) {
      if (transaction === undefined && isDue) this.store.due.notify(message.lane);
      return { id: added.id, isNew: true };
    }
    const found = await this.find(message, transaction);
    if (found === undefined) throw unfit('it returned no row');
    return found;
  }

  /**
   * @returns the message with this key, or `undefined` if there is none.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED` if the key was used for another message.
   */
  async find(
    {
      idempotencyKey = null,
      fingerprint,
    }: { readonly idempotencyKey?: string | null | undefined; readonly fingerprint: string },
    transaction?: SqlTransaction,
  ): Promise<{ id: string; isNew: boolean } | undefined> {
    const [found] = await this.#run(transaction, findMessageByKey, { account: this.store.account, idempotencyKey });
    if (found === undefined) return undefined;
    // A message has no fingerprint after its retention period, and later only its key is left.
    if (found.fingerprint !== null && found.fingerprint !== fingerprint) {
      throw new OutboxError('OUTBOX_KEY_REUSED', 'This idempotency key was used for another message before');
    }
    return { id: found.id, isNew: false };
  }

  async #requireTransaction(transaction: SqlTransaction): Promise<void> {
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

  async #run<P extends object, R extends { readonly id: string }>(
    transaction: SqlTransaction | undefined,
    statement: Statement<P, R>,
    params: P,
  ): Promise<R[]> {
    const { callers } = this.store;
    if (transaction === undefined) return callers.run(statement, params);
    if (typeof transaction.query !== 'function') throw unfit('it has no such method');
    const rows = rowsOf(await transaction.query(callers.textOf(statement), valuesOf(statement, params)));
    if (rows === undefined) throw unfit('it returned neither');
    if (!rows.every(hasId)) throw unfit('it returned something else');
    return rows as R[];
  }
}

function hasId(row: unknown): boolean {
  return typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string';
}

const unfit = (problem: string): OutboxError =>
  new OutboxError(
    'OUTBOX_INVALID_TRANSACTION',
    `transaction.query(text, params) must resolve to an array of rows or to an object with \`rows\`; ${problem}`,
  );
