import { EntitySchema, IsolationLevel, MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import { mikroOrmTransaction } from 'nestjs-laaffic-outbox/mikro-orm';
import type { AppTransaction, Library } from './library.js';

const Order = new EntitySchema<{ name: string }>({
  name: 'Order',
  tableName: 'orders',
  properties: { name: { type: 'text', primary: true } },
});

export async function openMikroOrm(url: string): Promise<Library> {
  const orm = await MikroORM.init({ clientUrl: url, entities: [Order] });
  return {
    transaction: (steps, isolation = 'read committed') =>
      orm.em.transactional((em) => steps(appTransaction(em)), {
        isolationLevel: isolation === 'read committed' ? IsolationLevel.READ_COMMITTED : IsolationLevel.REPEATABLE_READ,
      }),
    noTransaction: mikroOrmTransaction(orm.em),
    errorClass: 'DeadlockException',
    close: () => orm.close(),
  };
}

const appTransaction = (em: EntityManager): AppTransaction => ({
  sql: mikroOrmTransaction(em),
  addOrder: (name) => em.insert(Order, { name }),
  nested: (steps) => em.transactional((inner) => steps(appTransaction(inner))),
});
