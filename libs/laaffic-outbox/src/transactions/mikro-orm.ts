/**
 * Uses a MikroORM transaction for the outbox.
 * @module nestjs-laaffic-outbox/mikro-orm
 */
import type { SqlTransaction } from '../sql-transaction.js';
import { knexTransaction, type KnexTransaction } from './knex.js';
import { kyselyTransaction, type KyselyTransaction } from './kysely.js';

/** An entity manager of MikroORM for PostgreSQL. */
export interface MikroOrmEntityManager {
  getTransactionContext(): unknown;
  getConnection(): { execute(text: string): Promise<unknown> };
  getPlatform(): { getExceptionConverter(): { convertException(error: Error): Error } };
}

/**
 * Runs the outbox in the transaction of an entity manager of MikroORM. Errors are those that the entity manager throws,
 * such as `DeadlockException`. Entities that were persisted before are flushed when MikroORM does, at the latest before
 * the commit, so they need not be flushed for the message.
 * @param em the entity manager that `em.transactional` passes to its callback, or one after `em.begin()`. Types cannot
 * tell it from an entity manager without a transaction, which the outbox rejects with `OUTBOX_INVALID_TRANSACTION`.
 * @example
 * await em.transactional(async (em) => {
 *   em.create(Order, { name });
 *   await outbox.enqueue(sms, { transaction: mikroOrmTransaction(em) });
 * });
 */
export function mikroOrmTransaction(em: MikroOrmEntityManager): SqlTransaction {
  const transaction = transactionOf(em);
  return {
    query: async (text, params) => {
      try {
        return await transaction.query(text, params);
      } catch (error) {
        throw error instanceof Error ? em.getPlatform().getExceptionConverter().convertException(error) : error;
      }
    },
  };
}

// `em.execute` would write the parameters into the statement, and so the text of the message into the server's logs.
function transactionOf(em: MikroOrmEntityManager): SqlTransaction {
  const context = em.getTransactionContext();
  // Without a transaction PostgreSQL rejects the first statement of the outbox, `lock table`.
  if (context === undefined) return { query: (text) => em.getConnection().execute(text) };
  return isKysely(context) ? kyselyTransaction(context) : knexTransaction(context as KnexTransaction);
}

/** MikroORM 7 uses Kysely, earlier ones use Knex. */
const isKysely = (context: unknown): context is KyselyTransaction =>
  typeof context === 'object' && context !== null && 'executeQuery' in context;
