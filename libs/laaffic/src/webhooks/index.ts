/**
 * Routes for pushed delivery reports and inbound messages.
 * @module nestjs-laaffic/webhooks
 */
export type { DeliveryReport, DeliveryState, Price, PriceSettlement } from '../messages/delivery-report.js';
export type { InboundSms } from '../messages/inbound-sms.js';
export type { LaafficWebhooksModuleExtras } from './laaffic-webhooks.module-definition.js';
export { LaafficWebhooksModule } from './laaffic-webhooks.module.js';
export {
  OnDeliveryReport,
  OnInboundSms,
  OnUnreadablePush,
  type OnDeliveryReportOptions,
  type PushHandlerDecorator,
} from './on-push.decorators.js';
export { MemoryPushStore, PushStore } from './push-store.js';
export type { PushRoute, UnreadablePush } from './push.js';
export { WebhookMetrics } from './webhook-metrics.js';
export type { LaafficWebhooksOptions } from './webhooks.options.js';
