import type { getPrismaClient } from '@prisma/client/runtime/client';

export const PrismaClient: ReturnType<typeof getPrismaClient>;
