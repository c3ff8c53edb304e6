import { Module, type DynamicModule } from '@nestjs/common';
import { ServiceDatabase } from './service-database.js';

/** Holds the database open until everything that uses it has ended: Nest ends a module before those that it imports. */
@Module({})
export class DatabaseModule {
  static for(database: ServiceDatabase): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: ServiceDatabase, useFactory: () => database }],
      exports: [ServiceDatabase],
    };
  }
}
