import { drizzle, type NodePgTransaction } from 'drizzle-orm/node-postgres';
import { pgTable, text } from 'drizzle-orm/pg-core';
import type { ExtractTablesWithRelations } from 'drizzle-orm';
import { drizzleTransaction } from 'nestjs-laaffic-outbox/drizzle';
import { Pool } from 'pg';
import type { AppTransaction, Library } from './library.js';

type Schema = Record<string, never>;
type Transaction = NodePgTransaction<Schema, ExtractTablesWithRelations<Schema>>;

const orders = pgTable('orders', { name: text().primaryKey() });

export function openDrizzle(url: string): Library {
  const pool = new Pool({ connectionString: url });
  const db = drizzle(pool);
  return {
    transaction: (steps, isolationLevel = 'read committed') =>
      db.transaction((tx) => steps(appTransaction(tx)), { isolationLevel }),
    // @ts-expect-error it is not a transaction
    noTransaction: drizzleTransaction(db),
    errorClass: 'DrizzleQueryError',
    close: () => pool.end(),
  };
}

const appTransaction = (tx: Transaction): AppTransaction => ({
  sql: drizzleTransaction(tx),
  addOrder: (name) => tx.insert(orders).values({ name }),
  nested: (steps) => tx.transaction((inner) => steps(appTransaction(inner))),
});
