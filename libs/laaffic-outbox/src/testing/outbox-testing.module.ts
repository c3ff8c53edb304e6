import { Module, type DynamicModule } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { partsToken, type OutboxParts } from '../outbox-tokens.js';
import { getOutboxTesterToken } from './outbox-tester-token.js';
import { OutboxTester } from './outbox-tester.js';

/** The options of `OutboxTestingModule`. */
export interface OutboxTestingModuleOptions {
  /**
   * The name of the account. Its tester is `app.get(getOutboxTesterToken(account))`.
   * @default the default account, whose tester is `app.get(OutboxTester)`
   */
  readonly account?: string | undefined;
  /**
   * Whether other modules can inject the tester without importing this module.
   * @default false
   */
  readonly isGlobal?: boolean | undefined;
}

/**
 * Puts the outbox of an account into the hands of a test: its worker does not run in the background, and nothing is sent
 * until the {@link OutboxTester} says so. Finds the outbox wherever the app registers `LaafficOutboxModule`, with the
 * app's own options. The database must be one of the tests alone, because the tester changes and deletes what is in it.
 * @example
 * const module = await Test.createTestingModule({ imports: [AppModule, OutboxTestingModule.forRoot()] })
 *   .overrideProvider(SmsService)
 *   .useValue(new FakeSmsService())
 *   .compile();
 * const app = await module.createNestApplication().init();
 * const tester = app.get(OutboxTester);
 */
@Module({})
export class OutboxTestingModule {
  static forRoot({ account, isGlobal = false }: OutboxTestingModuleOptions = {}): DynamicModule {
    const token = getOutboxTesterToken(account);
    return {
      module: OutboxTestingModule,
      global: isGlobal,
      providers: [
        {
          provide: token,
          useFactory: (modules: ModuleRef) =>
            new OutboxTester(() => modules.get<OutboxParts>(partsToken(account), { strict: false })),
          inject: [ModuleRef],
        },
      ],
      exports: [token],
    };
  }
}
