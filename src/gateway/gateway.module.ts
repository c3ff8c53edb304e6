import { Module } from '@nestjs/common';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { ServiceDatabase } from '../database/service-database.js';
import { GatewayAccount } from './gateway.account.js';

/** Provides the account at the gateway, or at a sandbox. */
@Module({
  providers: [
    {
      provide: GatewayAccount,
      useFactory: ({ account, dataDir }: Configuration, database: ServiceDatabase) =>
        new GatewayAccount(account, database.dataDir === undefined ? undefined : { dataDir, database: database.url }),
      inject: [CONFIGURATION, ServiceDatabase],
    },
  ],
  exports: [GatewayAccount],
})
export class GatewayModule {}
