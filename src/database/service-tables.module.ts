import { Module } from '@nestjs/common';
import { getOutboxStoreToken, OutboxExtension, type OutboxStore } from 'nestjs-laaffic-outbox/extension';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { OutboxModule } from './outbox.module.js';
import { SERVICE_RELEASE } from './service-schema.js';

/** The token of the service's own tables, in the database of the outbox. Its type is `OutboxExtension`. */
export const SERVICE_TABLES = Symbol('ServiceTables');

/** The service's own tables. They share the connections of the outbox. */
@Module({
  imports: [OutboxModule],
  providers: [
    {
      provide: SERVICE_TABLES,
      useFactory: (store: OutboxStore, { serviceSchema, databaseMigrate }: Configuration) =>
        OutboxExtension.open(store, SERVICE_RELEASE, { schema: serviceSchema, migrate: databaseMigrate }),
      inject: [getOutboxStoreToken(), CONFIGURATION],
    },
  ],
  exports: [SERVICE_TABLES],
})
export class ServiceTablesModule {}
