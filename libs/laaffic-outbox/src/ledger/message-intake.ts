import { OutboxError } from '../outbox.error.js';
import type { Lane } from '../options/outbox.options.js';
import { rowsOf, type SqlTransaction } from '../transaction.js';
import type { Ledger } from './outbox-ledger.js';

/** A message in the form of the ledger. */
export interface NewMessage {
  readonly lane: Lane;
  readonly n: number;
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
  readonly awaited: boolean;
  /** Who sends it, for the history. */
  readonly actor: string;
}

interface Stored {
  id: string;
  fingerprint: string | null;
}

/** Stores messages, in any transaction. */
export class MessageIntake {
  readonly #insert: string;
  readonly #find: string;
  readonly #lock: string;

  constructor(private readonly ledger: Ledger) {
    const s = ledger.database.schema;
    // Notify in the same statement: workers get it when the transaction commits, and never if it is rolled back.
    this.#insert = `with added as (
        insert into ${s}.chunk (account, lane, n, numbers, order_ids, content, sender_id, due_at, expires_at, idempotency_key, fingerprint, awaited, reference)
        values ($1::text, $2::text::${s}.lane, $3::int, $4::text, $5::text, $6::text, $7::text,
          coalesce($8::text::timestamptz, clock_timestamp()), $9::text::timestamptz, $10::text, $11::text, $12::text::boolean, $13::text)
        on conflict (account, idempotency_key) where idempotency_key is not null do nothing
        returning id, account, due_at
      ), noted as (
        insert into ${s}.journal (account, chunk_id, attempt, event, by) select account, id, 0, 'pending', $15::text from added
      )
      select added.id::text as id, case when added.due_at <= clock_timestamp() then pg_notify($14::text, '')::text end as called
      from added`;
    // The insert takes this lock anyway. Outside a transaction it is an error, before anything is stored.
    this.#lock = `lock table ${s}.chunk in row exclusive mode`;
    this.#find = `select id::text as id, fingerprint from ${s}.chunk where account = $1::text and idempotency_key = $2::text`;
  }

  /**
   * @param transaction where to store the message; the ledger's own pool by default.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED` if the key was used for another message; `OUTBOX_INVALID_TRANSACTION` if
   * the transaction does not have the required form.
   * @throws errors of the transaction. If it is REPEATABLE READ and another call has used the key since it started, the
   * error is 40001 (`serialization_failure`), and the transaction must be retried.
   */
  async add(
    message: NewMessage,
    transaction: SqlTransaction = this.ledger.database,
  ): Promise<{ id: string; isNew: boolean }> {
    if (transaction !== this.ledger.database) await requireTransaction(transaction, this.#lock);
    const added = await run(transaction, this.#insert, [
      this.ledger.account,
      message.lane,
      String(message.n),
      message.numbers,
      message.orderIds ?? null,
      message.content,
      message.senderId ?? null,
      message.dueAt?.toISOString() ?? null,
      message.expiresAt?.toISOString() ?? null,
      message.idempotencyKey ?? null,
      message.fingerprint,
      String(message.awaited),
      message.reference ?? null,
      `${this.ledger.database.channel}_due`,
      message.actor,
    ]);
    if (added !== undefined) return { id: added.id, isNew: true };
    const found = await this.find(message, transaction);
    if (found === undefined) throw unfit('it returned no row');
    return found;
  }

  /**
   * @returns the message with this key, or `undefined` if there is none.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED` if the key was used for another message.
   */
  async find(
    { idempotencyKey, fingerprint }: Pick<NewMessage, 'idempotencyKey' | 'fingerprint'>,
    transaction: SqlTransaction = this.ledger.database,
  ): Promise<{ id: string; isNew: boolean } | undefined> {
    const found = await run(transaction, this.#find, [this.ledger.account, idempotencyKey]);
    if (found === undefined) return undefined;
    // A message has no fingerprint after its retention period.
    if (found.fingerprint !== null && found.fingerprint !== fingerprint) {
      throw new OutboxError('OUTBOX_KEY_REUSED', 'This idempotency key was used for another message before');
    }
    return { id: found.id, isNew: false };
  }
}

async function requireTransaction(transaction: SqlTransaction, lock: string): Promise<void> {
  if (typeof transaction.query !== 'function') throw unfit('it has no such method');
  try {
    await transaction.query(lock, []);
  } catch (error) {
    // The error is 25P01, but each library wraps it in its own way.
    const said = error instanceof Error ? `${error.message} ${String(error.cause)}` : '';
    if (!said.includes('LOCK TABLE')) throw error;
    const message = 'This is not a transaction: it commits each statement at once, as a pool does';
    throw new OutboxError('OUTBOX_INVALID_TRANSACTION', message, { cause: error });
  }
}

async function run(transaction: SqlTransaction, text: string, params: unknown[]): Promise<Stored | undefined> {
  if (typeof transaction.query !== 'function') throw unfit('it has no such method');
  const rows = rowsOf(await transaction.query(text, params));
  if (rows === undefined) throw unfit('it returned neither');
  const [row] = rows as (Partial<Stored> | null | undefined)[];
  if (row !== undefined && typeof row?.id !== 'string') throw unfit('it returned something else');
  return row as Stored | undefined;
}

const unfit = (problem: string): OutboxError =>
  new OutboxError(
    'OUTBOX_INVALID_TRANSACTION',
    `transaction.query(text, params) must resolve to an array of rows or to an object with \`rows\`; ${problem}`,
  );
