/**
 * Sends SMS through Laaffic: `LaafficModule` registers an account, `SmsService` sends, and `LaafficExceptionFilter` turns
 * failures into responses.
 * @module nestjs-laaffic
 */
export type { BulkJournal, BulkRequest } from './bulk/bulk-journal.js';
export { BulkReceipt, type BulkCounts } from './bulk/bulk-receipt.js';
export { BulkRun, BulkStoppedError } from './bulk/bulk-run.js';
export type { BulkMessage, BulkOptions } from './bulk/bulk.options.js';
export type { RecipientSource, WrongEntry } from './bulk/chunks.js';
export { JournalError, JsonLinesJournal, type FinishedRequest } from './bulk/json-lines-journal.js';
export type { PositionRange } from './bulk/positions.js';
export { clientAddress, plainAddress, type AddressedRequest } from './client-address.js';
export { GatewayClock } from './clock.js';
export { failureOfCode } from './errors/failure-of-code.js';
export { toHttpException, type HttpStatusOverrides, type LaafficErrorBody } from './errors/http-exception.js';
export { invalidCommand, toInputException } from './errors/invalid-command.js';
export { LAAFFIC_HTTP_STATUSES, LaafficExceptionFilter, UseLaafficErrors } from './errors/laaffic-exception.filter.js';
export {
  isLaafficException,
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
  QueryEndedEvent,
  QueryEndpoint,
  RecipientFailures,
  RequestEvent,
  RequestStartedEvent,
  SendEndedEvent,
  SendEndpoint,
} from './gateway/traffic/request-events.js';
export type { LaafficModuleExtras } from './laaffic.module-definition.js';
export { LaafficModule } from './laaffic.module.js';
export { isLoopback } from './loopback.js';
export type { Balance } from './messages/balance.js';
export type { ConversionInput } from './messages/conversion.js';
export type { DeliveryReport, DeliveryState, Price, PriceSettlement } from './messages/delivery-report.js';
export type { InboundSms } from './messages/inbound-sms.js';
export type { Issue } from './messages/issue.js';
export { maskNumber, normalizeNumber } from './messages/phone-number.js';
export { isOrderId, readRecipients, type Recipient, type RecipientInput } from './messages/recipients.js';
export { readSendCommand, type CheckedSms, type SendSms } from './messages/send-command.js';
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
  RequestDispatcher,
  TlsOptions,
} from './options/laaffic.options.js';
export { DEFAULT_BASE_URL } from './options/laaffic.settings.js';
export { importOptional, MissingPackageError } from './options/missing-package.error.js';
export { OptionsReader, type NumberRange } from './options/options-reader.js';
export { countryOfMcc } from './messages/mobile-country-codes.js';
export { toGsm7, type NonGsm7Character } from './segments/non-gsm7-characters.js';
export { segments, type SmsSegments } from './segments/segments.js';
export { sign } from './signing/credentials.js';
export { getSmsToken, InjectSms } from './sms-token.js';
export { SmsService, type QueryOptions, type SendOneOptions, type SendOptions } from './sms.service.js';
