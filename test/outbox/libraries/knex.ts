import { knex, type Knex } from 'knex';
import { knexTransaction } from 'nestjs-laaffic-outbox/knex';
import type { AppTransaction, Library } from './library.js';

export function openKnex(url: string): Library {
  const db = knex({ client: 'pg', connection: url });
  return {
    transaction: (steps, isolationLevel = 'read committed') =>
      db.transaction((trx) => steps(appTransaction(trx)), { isolationLevel }),
    // @ts-expect-error it is not a transaction
    noTransaction: knexTransaction(db),
    errorClass: 'DatabaseError',
    close: () => db.destroy(),
  };
}

const appTransaction = (trx: Knex.Transaction): AppTransaction => ({
  sql: knexTransaction(trx),
  addOrder: async (name) => trx('orders').insert({ name }),
  nested: (steps) => trx.transaction((inner) => steps(appTransaction(inner))),
});
