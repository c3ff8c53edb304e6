import { PrismaPg } from '@prisma/adapter-pg';
import { prismaTransaction, type PrismaTransaction } from 'nestjs-laaffic-outbox/prisma';
import type { AppTransaction, Library } from './library.js';
import { PrismaClient } from './prisma-client.cjs';

/** The types that a generated client would have. */
interface Transaction extends PrismaTransaction {
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<number>;
  $transaction(steps: (inner: Transaction) => Promise<void>): Promise<void>;
}

export function openPrisma(url: string): Library {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  return {
    transaction: async (steps, isolation = 'read committed') => {
      const isolationLevel = isolation === 'read committed' ? 'ReadCommitted' : 'RepeatableRead';
      await prisma.$transaction((tx: Transaction) => steps(appTransaction(tx)), { isolationLevel });
    },
    // @ts-expect-error it is not a transaction
    noTransaction: prismaTransaction(prisma),
    errorClass: 'PrismaClientKnownRequestError',
    close: () => prisma.$disconnect(),
  };
}

const appTransaction = (tx: Transaction): AppTransaction => ({
  sql: prismaTransaction(tx),
  addOrder: (name) => tx.$executeRaw`insert into orders values (${name})`,
  nested: (steps) => tx.$transaction((inner) => steps(appTransaction(inner))),
});
