export { LaafficSandbox } from './laaffic-sandbox.js';
export { SandboxError, type SandboxErrorCode } from './sandbox.error.js';
export type { Delivery, DeliveryState } from './delivery/delivery.js';
export type { AcceptedMessage } from './ledger/accepted.message.js';
export type { Conversion } from './ledger/conversion.js';
export type { InboundMessage, InboundText } from './ledger/inbound.message.js';
export type { RecordedRequest, RequestOutcome } from './ledger/recorded.request.js';
export type { RefusedRequest } from './ledger/refused.request.js';
export type { Decimal } from './options/decimal.js';
export type {
  SandboxFailure,
  SandboxOptions,
  SandboxRule,
  SandboxSettings,
  TextPattern,
} from './options/sandbox.options.js';
export type { Check, SandboxQuirks } from './options/sandbox.quirks.js';
export type { EndpointName } from './protocol/endpoint.name.js';
export type { PriceDetail } from './protocol/price-detail.js';
export type { RefusalCode } from './protocol/refusal.js';
export type { EnvelopeFailure, EnvelopeItem, SendEnvelope } from './protocol/send.envelope.js';
export type { MoRecord, ReportItem, VendorEnvelope } from './protocol/vendor.envelope.js';
export type { PushAttempt, RecordedPush } from './push/recorded.push.js';
export type { Json, SandboxFault, ScriptStep } from './script/script.step.js';
