/**
 * Uses a TypeORM transaction for the outbox.
 * @module nestjs-laaffic-outbox/typeorm
 */
import type { SqlTransaction } from '../sql-transaction.js';

/** The entity manager of a transaction, or a query runner that started one. A `DataSource` is neither. */
export interface TypeOrmTransaction {
  query(text: string, params?: unknown[]): Promise<unknown>;
  // A DataSource and a repository do not have it.
  release(): Promise<void>;
}

/**
 * Runs the outbox in a TypeORM transaction. A `QueryFailedError` keeps its class, code and driver error, but its
 * `parameters` are removed, because they contain the text and the numbers of the message.
 * @param tx the manager that `DataSource.transaction` passes to its callback, or a query runner after
 * `startTransaction`. The outbox rejects any other manager with `OUTBOX_INVALID_TRANSACTION`.
 * @example
 * await dataSource.transaction(async (manager) => {
 *   await manager.insert(Order, { name });
 *   await outbox.enqueue(sms, { transaction: typeOrmTransaction(manager) });
 * });
 */
export function typeOrmTransaction(tx: TypeOrmTransaction): SqlTransaction {
  return {
    query: async (text, params) => {
      try {
        return await tx.query(text, params);
      } catch (error) {
        if (error instanceof Error && 'parameters' in error) error.parameters = [];
        throw error;
      }
    },
  };
}
