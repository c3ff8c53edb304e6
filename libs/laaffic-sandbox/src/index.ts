/**
 * The gateway on your own machine: checks signatures, sends nothing, and fails as you tell it to.
 * @module laaffic-sandbox
 */
export { LaafficSandbox } from './laaffic-sandbox.js';
export { SAMPLE_ACCOUNT } from './options/sandbox-options.js';
export { SandboxError, type SandboxErrorCode } from './sandbox.error.js';
export type {
  AcceptedMessage,
  Conversion,
  InboundMessage,
  NewInboundMessage,
  PushAttempt,
  RecordedPush,
  RecordedRequest,
  BlockedRequest,
  RequestOutcome,
} from './history/records.js';
export type { PushAddress } from './options/push-address.js';
export type {
  FailureRule,
  SandboxOptions,
  RejectionRule,
  SandboxSettings,
  TextPattern,
} from './options/sandbox-options.js';
export type { RequestCheck, SandboxQuirks } from './options/sandbox-quirks.js';
export type {
  EnvelopeFailure,
  EnvelopeItem,
  MoRecord,
  ReportItem,
  SendEnvelope,
  VendorEnvelope,
} from './protocol/envelope.js';
export type { PriceDetail } from './protocol/price-detail.js';
export type { Delivery, DeliveryState } from './state/delivery/delivery.js';
export type { JsonValue, SandboxFault, ScriptStep } from './state/script/script-step.js';
export type { Decimal } from './vendor/decimal.js';
export type { EndpointName } from './vendor/endpoint-names.js';
export type { RejectionCode } from './vendor/rejection.js';
