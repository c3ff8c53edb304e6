import { sql, type SQL } from 'drizzle-orm';
import { CompiledQuery, type Transaction } from 'kysely';
import type { SmsOutbox, SqlTransaction } from 'nestjs-laaffic-outbox';
import type { ClientBase } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

/** Stores the order and its message: both, or neither. */
export function placeOrder(orm: DataSource, outbox: SmsOutbox, number: string) {
  return orm.transaction(async (manager) => {
    await manager.query('insert into orders (name) values ($1)', [number]);
    return outbox.enqueue({ to: number, content: 'Your order is placed' }, { transaction: manager });
  });
}

/** pg: the client that ran `begin`, unchanged, but not the pool. */
export const ofPg = (client: ClientBase): SqlTransaction => client;

/** TypeORM: the manager from `transaction`, or a query runner, unchanged, but not the `DataSource`. */
export const ofTypeOrm = (tx: EntityManager | QueryRunner): SqlTransaction => tx;

export interface DrizzleTransaction {
  execute(query: SQL): PromiseLike<unknown>;
}

export const ofDrizzle = (tx: DrizzleTransaction): SqlTransaction => ({
  query: async (text, params) => {
    const pieces = text.split(/\$(\d+)/); // every second piece is a parameter number
    return tx.execute(
      sql.join(pieces.map((piece, i) => (i % 2 === 0 ? sql.raw(piece) : sql`${params[Number(piece) - 1]}`))),
    );
  },
});

export const ofKysely = <DB>(tx: Transaction<DB>): SqlTransaction => ({
  query: (text, params) => tx.executeQuery(CompiledQuery.raw(text, params)),
});

export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...params: unknown[]): PromiseLike<unknown>;
}

export const ofPrisma = (tx: PrismaTransaction): SqlTransaction => ({
  query: async (text, params) => tx.$queryRawUnsafe(text, ...params),
});
