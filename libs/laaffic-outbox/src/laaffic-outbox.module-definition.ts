import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficOutboxOptions } from './options/outbox.options.js';

/** What a registration takes beside its options. */
export interface LaafficOutboxModuleExtras {
  /**
   * Whether the outbox can be injected everywhere without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
  /**
   * The name of the account to send with, as it was given to `LaafficModule`; that module has to be imported
   * where this one can see it, or be global.
   * @default the account without a name
   */
  account?: string | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: OUTBOX_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficOutboxOptions>({ moduleName: 'LaafficOutbox' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficOutboxOptions')
  .setExtras<LaafficOutboxModuleExtras>({ isGlobal: false, account: undefined }, (definition) => definition)
  .build();
