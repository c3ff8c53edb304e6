import { openDrizzle } from './drizzle.js';
import { openKysely } from './kysely.js';
import type { Library } from './library.js';
import { openPg } from './pg.js';
import { openPrisma } from './prisma.js';
import { openTypeOrm, openTypeOrmRunner } from './typeorm.js';

export { ORDERS, type AppTransaction, type Library } from './library.js';

/** How an app may be connected with its database, each with the adapter that is documented for it. */
export const libraries: [name: string, open: (url: string) => Library | Promise<Library>][] = [
  ['pg', openPg],
  ['a TypeORM manager', openTypeOrm],
  ['a TypeORM query runner', openTypeOrmRunner],
  ['Drizzle', openDrizzle],
  ['Kysely', openKysely],
  ['Prisma', openPrisma],
];
