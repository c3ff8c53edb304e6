import { Module, type DynamicModule } from '@nestjs/common';
import { EmbeddedPostgres } from './embedded-postgres.js';
import type { EmbeddedPostgresOptions } from './embedded-postgres.options.js';

/**
 * Provides an {@link EmbeddedPostgres} that starts and stops with the app. Import it where its `url` is used: Nest
 * shuts a module down before the modules that it imports, so the pools on it have ended by then.
 * @example
 * TypeOrmModule.forRootAsync({
 *   imports: [EmbeddedPostgresModule.forRoot({ dataDir: './.data/postgres' })],
 *   inject: [EmbeddedPostgres],
 *   useFactory: ({ url }: EmbeddedPostgres) => ({ type: 'postgres', url }),
 * });
 */
@Module({})
export class EmbeddedPostgresModule {
  /** @throws {EmbeddedPostgresError} when Nest creates the app. The code says what to do. */
  static forRoot(options: EmbeddedPostgresOptions): DynamicModule {
    return {
      module: EmbeddedPostgresModule,
      providers: [{ provide: EmbeddedPostgres, useFactory: () => EmbeddedPostgres.start(options) }],
      exports: [EmbeddedPostgres],
    };
  }
}
