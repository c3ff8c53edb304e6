// Compiled by the type check and never run: each line after a directive must be an error.
import type { EntityManager as MikroOrmEntityManager, MikroORM } from '@mikro-orm/postgresql';
import type { ClientOtherOps, ITXClientDenyList } from '@prisma/client/runtime/client';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { MySql2Transaction } from 'drizzle-orm/mysql2';
import type { PgTransaction } from 'drizzle-orm/pg-core';
import type { PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type { Knex } from 'knex';
import type { ControlledTransaction, Kysely, Transaction } from 'kysely';
import type { SqlTransaction } from 'nestjs-laaffic-outbox';
import { drizzleTransaction } from 'nestjs-laaffic-outbox/drizzle';
import { knexTransaction } from 'nestjs-laaffic-outbox/knex';
import { kyselyTransaction } from 'nestjs-laaffic-outbox/kysely';
import { mikroOrmTransaction } from 'nestjs-laaffic-outbox/mikro-orm';
import { prismaTransaction } from 'nestjs-laaffic-outbox/prisma';
import { typeOrmTransaction } from 'nestjs-laaffic-outbox/typeorm';
import type { Pool, PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner, Repository } from 'typeorm';

interface Tables {
  orders: { name: string };
}

/** As `prisma generate` declares them. */
interface PrismaClient extends ClientOtherOps {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
}
type PrismaTransactionClient = Omit<PrismaClient, ITXClientDenyList>;

export const accepted = (
  manager: EntityManager,
  runner: QueryRunner,
  drizzle: PgTransaction<never>,
  postgresJs: PostgresJsTransaction<Record<string, never>, Record<string, never>>,
  kysely: Transaction<Tables>,
  controlled: ControlledTransaction<Tables>,
  knex: Knex.Transaction,
  em: MikroOrmEntityManager,
  prisma: PrismaTransactionClient,
): SqlTransaction[] => [
  typeOrmTransaction(manager),
  typeOrmTransaction(runner),
  drizzleTransaction(drizzle),
  drizzleTransaction(postgresJs),
  kyselyTransaction(kysely),
  kyselyTransaction(controlled),
  knexTransaction(knex),
  mikroOrmTransaction(em),
  prismaTransaction(prisma),
];

export function notTransactions(
  dataSource: DataSource,
  repository: Repository<Tables>,
  drizzle: NodePgDatabase,
  kysely: Kysely<Tables>,
  knex: Knex,
  orm: MikroORM,
  prisma: PrismaClient,
  pool: Pool,
): void {
  // @ts-expect-error it commits at once
  typeOrmTransaction(dataSource);
  // @ts-expect-error it need not be of a transaction
  typeOrmTransaction(repository);
  // @ts-expect-error it commits at once
  typeOrmTransaction(pool);
  // @ts-expect-error it commits at once
  drizzleTransaction(drizzle);
  // @ts-expect-error it commits at once
  kyselyTransaction(kysely);
  // @ts-expect-error it commits at once
  knexTransaction(knex);
  // @ts-expect-error it commits at once
  prismaTransaction(prisma);
  // @ts-expect-error it has one entity manager for each transaction
  mikroOrmTransaction(orm);
}

export function ofAnotherLibrary(
  client: PoolClient,
  manager: EntityManager,
  mysql: MySql2Transaction<Record<string, never>, Record<string, never>>,
  kysely: Transaction<Tables>,
  knex: Knex.Transaction,
): void {
  // @ts-expect-error it is of pg
  typeOrmTransaction(client);
  // @ts-expect-error it is of TypeORM
  prismaTransaction(manager);
  // @ts-expect-error it is of MySQL
  drizzleTransaction(mysql);
  // @ts-expect-error it is of Knex
  drizzleTransaction(knex);
  // @ts-expect-error it is of Knex
  kyselyTransaction(knex);
  // @ts-expect-error it is of Kysely
  knexTransaction(kysely);
  // @ts-expect-error it is of TypeORM
  mikroOrmTransaction(manager);
}
