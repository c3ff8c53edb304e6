import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficHealthOptions } from './laaffic-health.options.js';

/** The options of a registration beside those of the indicator. */
export interface LaafficHealthModuleExtras {
  /**
   * The name of the account, as registered with `LaafficModule`, for `@InjectLaafficHealth(account)`.
   * @default none: the account without a name, injected as `LaafficHealthIndicator`
   */
  account?: string | undefined;
  /**
   * Makes the indicator injectable everywhere, without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: LAAFFIC_HEALTH_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficHealthOptions>({ moduleName: 'LaafficHealth' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficHealthOptions')
  .setExtras<LaafficHealthModuleExtras>({ account: undefined, isGlobal: false }, (definition) => definition)
  .build();
