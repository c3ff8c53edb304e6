/**
 * Uses a Kysely transaction for the outbox.
 * @module nestjs-laaffic-outbox/kysely
 */
import type { SqlTransaction } from '../sql-transaction.js';

/** What `CompiledQuery.raw` of Kysely returns. */
export interface KyselyStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: { readonly kind: 'RawNode'; readonly sqlFragments: readonly string[]; readonly parameters: never[] };
  readonly queryId: { readonly queryId: string };
}

/** A transaction of Kysely, also a controlled one. */
export interface KyselyTransaction {
  executeQuery(statement: KyselyStatement): Promise<{ readonly rows: readonly unknown[] }>;
  readonly isTransaction: true;
}

/**
 * Runs the outbox in a Kysely transaction. Errors are those of the driver.
 * @param trx the transaction that `db.transaction().execute` passes to its callback, or that `db.startTransaction()`
 * returned. The compiler rejects the `Kysely` instance, and the outbox rejects it with `OUTBOX_INVALID_TRANSACTION`.
 * @example
 * await db.transaction().execute(async (trx) => {
 *   await trx.insertInto('orders').values({ name }).execute();
 *   await outbox.enqueue(sms, { transaction: kyselyTransaction(trx) });
 * });
 */
export function kyselyTransaction(trx: KyselyTransaction): SqlTransaction {
  return {
    query: (text, params) =>
      trx.executeQuery({
        sql: text,
        parameters: params,
        query: { kind: 'RawNode', sqlFragments: [text], parameters: [] },
        // Plugins tell queries apart by the object, so each statement has its own.
        queryId: { queryId: 'nestjs-laaffic-outbox' },
      }),
  };
}
