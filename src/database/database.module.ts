import { Module, type DynamicModule } from '@nestjs/common';
import { ServiceDatabase } from './service-database.js';

/**
 * Provides the database, and closes it at the very end: Nest shuts global modules down after all others.
 */
@Module({})
export class DatabaseModule {
  static for(database: ServiceDatabase): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: ServiceDatabase, useFactory: () => database }],
      exports: [ServiceDatabase],
    };
  }
}
