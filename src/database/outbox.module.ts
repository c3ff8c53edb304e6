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
        worker: configuration.worker,
        rate: {
          recipientsPerSecond: configuration.recipientsPerSecond,
          requestsPerSecond: configuration.requestsPerSecond,
        },
        timing: { gracePeriodMs: Math.ceil(configuration.gracePeriodSeconds * 1_000) },
        onUnconfirmed: { priority: configuration.unconfirmedMessages, bulk: configuration.unconfirmedCampaigns },
        retentionMs: retentionMsOf(configuration),
        sealKeys: configuration.sealKeys,
      }),
    }),
  ],
  exports: [LaafficOutboxModule],
})
export class OutboxModule {}

function retentionMsOf({ retentionDays }: Configuration): number | false {
  return retentionDays === false ? false : Math.ceil(retentionDays * 24 * 60 * 60_000);
}
