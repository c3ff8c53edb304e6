export { LaafficWebhooksModule } from './laaffic-webhooks.module.js';
export type { LaafficWebhooksModuleExtras } from './laaffic-webhooks.module-definition.js';
export type { LaafficWebhooksOptions } from './webhooks.options.js';
export {
  OnDeliveryReport,
  OnInboundSms,
  OnUnreadablePush,
  type OnDeliveryReportOptions,
  type PushHandlerDecorator,
} from './on-push.decorators.js';
export type { PushRoute, UnreadablePush } from './push.js';
export { PushCounts } from './push-counts.js';
export { PushStore } from './push-store.js';
export { MemoryPushStore } from './memory-push-store.js';
export type { DeliveryReport, DeliveryState } from '../messages/delivery-report.js';
export type { InboundSms } from '../messages/inbound-sms.js';
export type { Price } from '../messages/price.js';
