import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficVerifyOptions } from './options/verify.options.js';

/** Settings of a registration that are not options. */
export interface LaafficVerifyModuleExtras {
  /**
   * Whether other modules can inject `SmsVerification` without importing this module.
   * @default false
   */
  isGlobal?: boolean | undefined;
  /**
   * The name of the account whose outbox sends the codes, as registered with `LaafficOutboxModule`.
   * @default the default account
   */
  account?: string | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: VERIFY_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficVerifyOptions>({ moduleName: 'LaafficVerify' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficVerifyOptions')
  .setExtras<LaafficVerifyModuleExtras>({ isGlobal: false, account: undefined }, (definition) => definition)
  .build();
