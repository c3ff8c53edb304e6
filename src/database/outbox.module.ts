import { Module } from '@nestjs/common';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { ServiceDatabase } from './service-database.js';

/** The outbox in the database of the service. */
@Module({
  imports: [
    LaafficOutboxModule.forRootAsync({
      inject: [CONFIGURATION, ServiceDatabase],
      useFactory: (configuration: Configuration, { url }: ServiceDatabase) => ({
        database: url,
        connections: configuration.databaseConnections,
        listenUrl: configuration.databaseListenUrl,
        schema: configuration.databaseSchema,
        migrate: configuration.databaseMigrate,
        worker: configuration.worker,
        rate: {
          recipientsPerSecond: configuration.recipientsPerSecond,
          requestsPerSecond: configuration.requestsPerSecond,
        },
        timing: { gracePeriodMs: Math.ceil(configuration.gracePeriodSeconds * 1_000) },
        onUnconfirmed: { priority: configuration.unconfirmedMessages, bulk: configuration.unconfirmedCampaigns },
        retentionMs: msOf(configuration.retentionDays),
        deleteAfterMs: msOf(configuration.deleteAfterDays),
        sealKeys: configuration.sealKeys,
      }),
    }),
  ],
  exports: [LaafficOutboxModule],
})
export class OutboxModule {}

function msOf(days: number | false): number | false {
  return days === false ? false : Math.ceil(days * 24 * 60 * 60_000);
}
