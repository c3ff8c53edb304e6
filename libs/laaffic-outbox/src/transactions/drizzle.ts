/**
 * Uses a Drizzle transaction for the outbox.
 * @module nestjs-laaffic-outbox/drizzle
 */
import type { SqlTransaction } from '../sql-transaction.js';

/** A statement in the form that Drizzle compiles. */
export interface DrizzleStatement {
  getSQL(): { toQuery(config: never): { sql: string; params: unknown[] } };
}

/** A transaction of Drizzle for PostgreSQL. Only a transaction can roll back. */
export interface DrizzleTransaction {
  execute(statement: DrizzleStatement | string): PromiseLike<unknown>;
  rollback(): never;
  // A transaction of Drizzle for MySQL or SQLite does not have it.
  setTransaction(config: object): Promise<unknown>;
}

/**
 * Runs the outbox in a Drizzle transaction, with any of Drizzle's PostgreSQL drivers that have transactions. A
 * `DrizzleQueryError` keeps its class and cause, but its message and `params` lose the parameters, because they contain
 * the text and the numbers of the message.
 * @param tx the transaction that `db.transaction` passes to its callback. The compiler rejects the database, and the
 * outbox rejects it with `OUTBOX_INVALID_TRANSACTION`.
 * @example
 * await db.transaction(async (tx) => {
 *   await tx.insert(orders).values({ name });
 *   await outbox.enqueue(sms, { transaction: drizzleTransaction(tx) });
 * });
 */
export function drizzleTransaction(tx: DrizzleTransaction): SqlTransaction {
  return {
    query: async (text, params) => {
      try {
        // The statement is compiled already: `sql` from Drizzle would have to be imported.
        return await tx.execute({ getSQL: () => ({ toQuery: () => ({ sql: text, params }) }) });
      } catch (error) {
        throw withoutParams(error, text);
      }
    },
  };
}

function withoutParams(error: unknown, text: string): unknown {
  if (!(error instanceof Error) || !('params' in error)) return error;
  const message = `Failed query: ${text}`;
  // The stack starts with the message.
  const stack = error.stack?.replace(error.message, () => message);
  return Object.assign(error, { message, stack, params: [] });
}
