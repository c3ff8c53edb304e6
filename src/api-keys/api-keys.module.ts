import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { SERVICE_TABLES, ServiceTablesModule } from '../database/service-tables.module.js';
import { ApiKeyCache } from './api-key-cache.js';
import { ApiKeyStore } from './api-key-store.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys.service.js';

/** API keys in the database, beside those of the environment. */
@Module({
  imports: [ServiceTablesModule],
  controllers: [ApiKeysController],
  providers: [
    {
      provide: ApiKeyStore,
      useFactory: (tables: OutboxExtension) => new ApiKeyStore(tables),
      inject: [SERVICE_TABLES],
    },
    {
      provide: ApiKeyCache,
      useFactory: (store: ApiKeyStore) => new ApiKeyCache((digests) => store.findValid(digests)),
      inject: [ApiKeyStore],
    },
    {
      provide: ApiKeysService,
      useFactory: (store: ApiKeyStore, cache: ApiKeyCache, { apiKeys }: Configuration) =>
        new ApiKeysService(store, cache, { names: apiKeys.map(({ name }) => name), randomBytes, now: Date.now }),
      inject: [ApiKeyStore, ApiKeyCache, CONFIGURATION],
    },
  ],
  exports: [ApiKeyCache],
})
export class ApiKeysModule {}
