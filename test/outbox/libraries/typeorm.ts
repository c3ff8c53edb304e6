import { typeOrmTransaction } from 'nestjs-laaffic-outbox/typeorm';
import { DataSource, EntitySchema, type EntityManager } from 'typeorm';
import type { AppTransaction, Library } from './library.js';

const Order = new EntitySchema<{ name: string }>({
  name: 'orders',
  columns: { name: { type: 'text', primary: true } },
});

const open = (url: string) => new DataSource({ type: 'postgres', url, entities: [Order] }).initialize();

/** The app uses the entity manager. */
export async function openTypeOrm(url: string): Promise<Library> {
  const orm = await open(url);
  return {
    transaction: (steps, isolation = 'read committed') =>
      orm.transaction(isolation === 'read committed' ? 'READ COMMITTED' : 'REPEATABLE READ', (manager) =>
        steps(appTransaction(manager)),
      ),
    noTransaction: typeOrmTransaction(orm.manager),
    errorClass: 'QueryFailedError',
    close: () => orm.destroy(),
  };
}

/** The app uses its own query runner. */
export async function openTypeOrmRunner(url: string): Promise<Library> {
  const orm = await open(url);
  return {
    transaction: async (steps, isolation = 'read committed') => {
      const runner = orm.createQueryRunner();
      await runner.startTransaction(isolation === 'read committed' ? 'READ COMMITTED' : 'REPEATABLE READ');
      try {
        await steps({ ...appTransaction(runner.manager), sql: typeOrmTransaction(runner) });
        await runner.commitTransaction();
      } catch (error) {
        await runner.rollbackTransaction();
        throw error;
      } finally {
        await runner.release();
      }
    },
    noTransaction: orm,
    errorClass: 'QueryFailedError',
    close: () => orm.destroy(),
  };
}

const appTransaction = (manager: EntityManager): AppTransaction => ({
  sql: typeOrmTransaction(manager),
  addOrder: (name) => manager.insert(Order, { name }),
  nested: (steps) => manager.transaction((inner) => steps(appTransaction(inner))),
});
