import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficWebhooksOptions } from './webhooks.options.js';

/** The arguments of a registration that are not options. */
export interface LaafficWebhooksModuleExtras {
  /**
   * Whether `WebhookMetrics` and `PushStore` can be injected everywhere without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: LAAFFIC_WEBHOOKS_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficWebhooksOptions>({ moduleName: 'LaafficWebhooks' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficWebhooksOptions')
  .setExtras<LaafficWebhooksModuleExtras>({ isGlobal: false }, (definition, { isGlobal = false }) => ({
    ...definition,
    global: isGlobal,
  }))
  .build();
