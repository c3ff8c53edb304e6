/**
 * Uses a Knex transaction for the outbox.
 * @module nestjs-laaffic-outbox/knex
 */
import type { SqlTransaction } from '../sql-transaction.js';

/** A transaction of Knex. Only a transaction can be completed. */
export interface KnexTransaction {
  raw(text: string, params: readonly (string | null)[]): PromiseLike<unknown>;
  isCompleted(): boolean;
}

/**
 * Runs the outbox in a Knex transaction. Errors are those of the driver, with the statement in front of the message, as
 * Knex writes it.
 * @param trx the transaction that `knex.transaction` passes to its callback or resolves to. The compiler rejects the
 * `knex` instance, and the outbox rejects it with `OUTBOX_INVALID_TRANSACTION`.
 * @example
 * await knex.transaction(async (trx) => {
 *   await trx('orders').insert({ name });
 *   await outbox.enqueue(sms, { transaction: knexTransaction(trx) });
 * });
 */
export function knexTransaction(trx: KnexTransaction): SqlTransaction {
  return {
    query: async (text, params) => {
      // Knex numbers its parameters by their place, and reads each unescaped question mark as one.
      const values: (string | null)[] = [];
      const statement = text.replaceAll('?', '\\?').replace(/\$(\d+)/g, (_, number: string) => {
        values.push(params[Number(number) - 1] as string | null);
        return '?';
      });
      return trx.raw(statement, values);
    },
  };
}
