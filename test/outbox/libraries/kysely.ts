import { CamelCasePlugin, Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import { kyselyTransaction } from 'nestjs-laaffic-outbox/kysely';
import { Pool } from 'pg';
import { underSavepoint, type AppTransaction, type Library } from './library.js';

interface Tables {
  orders: { name: string };
}

/** With the plugin that renames the columns of results, which many apps use. */
export function openKysely(url: string): Library {
  const dialect = new PostgresDialect({ pool: new Pool({ connectionString: url }) });
  const db = new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] });
  return {
    transaction: (steps, isolation = 'read committed') =>
      db
        .transaction()
        .setIsolationLevel(isolation)
        .execute((tx) => steps(appTransaction(tx))),
    // @ts-expect-error it is not a transaction
    noTransaction: kyselyTransaction(db),
    errorClass: 'DatabaseError',
    close: () => db.destroy(),
  };
}

function appTransaction(tx: Transaction<Tables>): AppTransaction {
  const made: AppTransaction = {
    sql: kyselyTransaction(tx),
    addOrder: (name) => tx.insertInto('orders').values({ name }).execute(),
    nested: (steps) =>
      underSavepoint(
        (text) => sql.raw(text).execute(tx),
        () => steps(made),
      ),
  };
  return made;
}
