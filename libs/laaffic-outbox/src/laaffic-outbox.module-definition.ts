import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficOutboxOptions } from './options/outbox.options.js';

/** Settings of a registration that are not options. */
export interface LaafficOutboxModuleExtras {
  /**
   * Whether other modules can inject the outbox without importing this module.
   * @default false
   */
  isGlobal?: boolean | undefined;
  /**
   * The name of the account, as registered with `LaafficModule`. That module must be global, or imported where this
   * module can see it.
   * @default the default account
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
