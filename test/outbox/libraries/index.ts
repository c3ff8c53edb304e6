import { openDrizzle } from './drizzle.js';
import { openKnex } from './knex.js';
import { openKysely } from './kysely.js';
import type { Library } from './library.js';
import { openMikroOrm } from './mikro-orm.js';
import { openPg } from './pg.js';
import { openPrisma } from './prisma.js';
import { openTypeOrm, openTypeOrmRunner } from './typeorm.js';

export { ORDERS, type AppTransaction, type Library } from './library.js';

/** The ways an app may connect to its database, each with its adapter. */
export const libraries: [name: string, open: (url: string) => Library | Promise<Library>][] = [
  ['pg', openPg],
  ['a TypeORM manager', openTypeOrm],
  ['a TypeORM query runner', openTypeOrmRunner],
  ['Drizzle', openDrizzle],
  ['Kysely', openKysely],
  ['Knex', openKnex],
  ['MikroORM', openMikroOrm],
  ['Prisma', openPrisma],
];
