import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { OutboxStore } from '../store/outbox-store.js';
import { storeToken } from '../outbox-tokens.js';
import { OutboxHealthIndicator } from './outbox-health.indicator.js';
import { getOutboxHealthToken } from './outbox-health-token.js';

export interface OutboxHealthModuleOptions {
  /**
   * The name of the account, for `@InjectOutboxHealth(account)`.
   * @default the default account, whose token is `OutboxHealthIndicator` itself
   */
  readonly account?: string | undefined;
  /**
   * Whether other modules can inject the indicator without importing this module.
   * @default false
   */
  readonly isGlobal?: boolean | undefined;
}

/**
 * A Terminus health indicator for the outbox of an account. It finds the outbox wherever the app registers
 * `LaafficOutboxModule`.
 * @example
 * @Module({ imports: [TerminusModule, OutboxHealthModule.forRoot()], controllers: [HealthController] })
 * export class HealthModule {}
 */
@Module({})
export class OutboxHealthModule {
  static forRoot({ account, isGlobal = false }: OutboxHealthModuleOptions = {}): DynamicModule {
    const token = getOutboxHealthToken(account);
    return {
      module: OutboxHealthModule,
      global: isGlobal,
      providers: [
        {
          provide: token,
          useFactory: (modules: ModuleRef) =>
            new OutboxHealthIndicator(() => modules.get<OutboxStore>(storeToken(account), { strict: false })),
          inject: [ModuleRef],
        },
      ],
      exports: [token],
    };
  }
}
