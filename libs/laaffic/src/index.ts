export type { BulkCounts } from './bulk/bulk-counts.js';
export type { BulkJournal, BulkRequest } from './bulk/bulk-journal.js';
export { BulkReceipt } from './bulk/bulk-receipt.js';
export { BulkRun } from './bulk/bulk-run.js';
export { BulkStoppedError } from './bulk/bulk-stopped.error.js';
export type { BulkMessage, BulkOptions } from './bulk/bulk.options.js';
export type { RecipientSource } from './bulk/chunks.js';
export { JournalError } from './bulk/journal.error.js';
export type { FinishedRequest } from './bulk/journal-line.js';
export { JsonLinesJournal } from './bulk/json-lines-journal.js';
export type { PositionRange } from './bulk/positions.js';
export { GatewayClock } from './clock.js';
export { invalidCommand, toInputException } from './errors/invalid-command.js';
export { toHttpException, type HttpStatusOverrides, type LaafficErrorBody } from './errors/http-exception.js';
export { LAAFFIC_HTTP_STATUSES, LaafficExceptionFilter, UseLaafficErrors } from './errors/laaffic-exception.filter.js';
export {
  LaafficAccountException,
  LaafficClockException,
  LaafficException,
  LaafficInputException,
  LaafficLimitException,
  LaafficPlatformException,
  LaafficTransportException,
  LaafficUnreadableException,
} from './errors/laaffic.exception.js';
export { STATUS_TABLE, type Failure, type FailureKind, type FailureOutcome } from './errors/status-table.js';
export type {
  GatewayQueryEnded,
  GatewayRequestStarted,
  GatewaySendEnded,
  GatewayTraffic,
  QueryEndpoint,
  RecipientFailures,
  SendEndpoint,
} from './gateway/traffic.events.js';
export type { LaafficModuleExtras } from './laaffic.module-definition.js';
export { LaafficModule } from './laaffic.module.js';
export type { Balance } from './messages/balance.js';
export type { DeliveryReport, DeliveryState } from './messages/delivery-report.js';
export type { InboundSms } from './messages/inbound-sms.js';
export type { Issue } from './messages/issue.js';
export { maskNumber } from './messages/mask-number.js';
export type { Price } from './messages/price.js';
export type { ConversionInput } from './messages/read-conversion.js';
export { readSendCommand, type CheckedSms } from './messages/read-send-command.js';
export { readRecipients, type Recipient, type RecipientInput } from './messages/recipients.js';
export type { SendSms } from './messages/send-sms.js';
export {
  SmsReceipt,
  type AcceptedRecipient,
  type RejectedRecipient,
  type UnknownRecipient,
} from './messages/sms-receipt.js';
export type { TimeRange } from './messages/time-range.js';
export type { AccountOptions } from './options/account.js';
export { LaafficOptionsError } from './options/laaffic-options.error.js';
export type {
  ConnectionOptions,
  LaafficOptions,
  QueryRetryOptions,
  RateOptions,
  TlsOptions,
} from './options/laaffic.options.js';
export type { CharacterOutsideGsm7 } from './segments/outside-gsm7.js';
export { segments, type SmsSegments } from './segments/segments.js';
export { toGsm7 } from './segments/to-gsm7.js';
export { sign } from './signing/sign.js';
export { getSmsToken, InjectSms } from './sms-token.js';
export { SmsService, type QueryOptions, type SendOptions } from './sms.service.js';
