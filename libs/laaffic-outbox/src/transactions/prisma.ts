/**
 * Uses a Prisma transaction for the outbox.
 * @module nestjs-laaffic-outbox/prisma
 */
import type { SqlTransaction } from '../sql-transaction.js';

/** The client of an interactive transaction. It cannot connect, but a `PrismaClient` can. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...params: unknown[]): PromiseLike<unknown>;
  readonly $connect?: never;
}

/**
 * Runs the outbox in an interactive transaction of Prisma. Errors are those of Prisma. A failed statement is P2010.
 * @param tx the client that `prisma.$transaction` passes to its callback. The compiler rejects a `PrismaClient`, and
 * the outbox rejects it with `OUTBOX_INVALID_TRANSACTION`.
 * @example
 * await prisma.$transaction(async (tx) => {
 *   await tx.order.create({ data: { name } });
 *   await outbox.enqueue(sms, { transaction: prismaTransaction(tx) });
 * });
 */
export function prismaTransaction(tx: PrismaTransaction): SqlTransaction {
  // Prisma starts a query when its promise is awaited.
  return { query: async (text, params) => tx.$queryRawUnsafe(text, ...params) };
}
