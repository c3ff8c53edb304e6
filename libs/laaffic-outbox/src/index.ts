export type { OutboxRecipient, RecipientState } from './ledger/chunk-recipients.js';
export type { OutboxMessage } from './ledger/message-view.js';
export { migrateOutbox } from './ledger/migrate.js';
export type { LaafficOutboxModuleExtras } from './laaffic-outbox.module-definition.js';
export { LaafficOutboxModule } from './laaffic-outbox.module.js';
export { OutboxOptionsError } from './options/outbox-options.error.js';
export type {
  AfterGrace,
  AfterGraceOptions,
  LaafficOutboxOptions,
  Lane,
  OutboxRateOptions,
  OutboxTimingOptions,
  OutboxWorkerOptions,
} from './options/outbox.options.js';
export { OutboxError, type OutboxErrorCode } from './outbox.error.js';
export { SmsOutbox, type EnqueuedSms, type EnqueueOptions } from './sms-outbox.js';
export type { SqlTransaction } from './transaction.js';
