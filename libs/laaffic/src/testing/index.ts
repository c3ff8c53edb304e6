/**
 * A fake `SmsService` for tests, which checks and fails like the real one.
 * @module nestjs-laaffic/testing
 */
export type { ReportDetails } from './delivery-reports.js';
export { FakeSmsService, type SentPredicate } from './fake-sms.service.js';
export type { FakeSmsOptions } from './in-process-account.js';
export type { Conversion } from './in-process-platform.js';
export type { InboundMessageInput } from './inbound-messages.js';
export { inboundPush, type InboundPushBody, type InboundPushInput } from './inbound-push.js';
export { LaafficTestingModule, type LaafficTestingOptions } from './laaffic-testing.module.js';
export type { PriceDetail } from './price-detail.js';
export { reportPush, type ReportPushBody, type ReportPushInput } from './report-push.js';
export type { SentSms } from './sent-sms.js';
export { signRequest, type SignRequestInput, type SignedHeaders } from './sign-request.js';
export type { SimulatedFailure, SimulatedRejection } from './simulated-failure.js';
