/**
 * Stores messages and campaigns in PostgreSQL and sends each of them once.
 * @module nestjs-laaffic-outbox
 */
export type { ResultsFilter } from './campaigns/campaign-results.js';
export type { CampaignFilter } from './campaigns/campaign-reader.js';
export type {
  Campaign,
  CampaignEntryOrigin,
  CampaignProgress,
  CampaignRecipient,
  CampaignSource,
  CampaignState,
  CreatedCampaign,
  NewCampaign,
} from './campaigns/campaign.js';
export {
  OnCampaignDone,
  OnRecipientState,
  type OutboxHandlerDecorator,
  type OutboxHandlerOptions,
  type RecipientStateFilter,
} from './events/on-outbox-event.decorators.js';
export type { FailedEvent, FailedEventsFilter, FailedEventsSelection } from './events/failed-events.js';
export type { EmittedState, FinishedCampaign, RecipientStateEvent } from './events/outbox-events.js';
export type { ActivityRecipients, ActivityState, OutboxActivity } from './store/activity.js';
export type { OutboxRecipient, RecipientState } from './store/recipients.js';
export type { HeldDecision, HeldFilter, HeldRecipient, ResolveOptions } from './messages/held-recipients.js';
export type { EnqueueManyOptions, StoredSms } from './messages/many-messages.js';
export { EnqueueManyError, type EnqueueManyResult } from './messages/enqueue-many.error.js';
export type { InvalidMessage, MessageSource, NewSms } from './messages/message-batches.js';
export type { CostsRange, DailyCosts } from './costs/daily-costs.js';
export type {
  CountryEstimate,
  EstimatedCosts,
  NumberSource,
  SmsEstimate,
  UnpricedRecipients,
} from './costs/estimate.js';
export type { SmsPrice } from './costs/prices.js';
export type { Spending, SpendingGroup, SpendingQuery } from './costs/spending.js';
export type { HistoryEntry, HistoryFilter, HistoryPage, ListedHistoryEntry } from './messages/history.js';
export type { LaneControlOptions, PauseLaneOptions } from './messages/lane-control.js';
export type { EraseOptions, ErasedNumber, OpenPlace } from './messages/number-erasure.js';
export type { ListedMessage, MessageFilter, MessagePage, MessageRecipientState } from './messages/message-list.js';
export type { OutboxMessage } from './messages/message-reader.js';
export type { OutboxSms, TemplatedSms, TemplateUse } from './messages/message-text.js';
export type { MessageOptions } from './messages/read-message.js';
export type { AccountPause, LaneConcurrency, LaneLimit, LanePause, OutboxStats, SealKeyUse } from './messages/stats.js';
export type { StoredUnreadablePush, UnreadablePushesFilter } from './reports/unreadable-pushes.js';
export {
  getOutboxSchemaStatus,
  migrateOutbox,
  rollBackOutbox,
  type PendingMigration,
  type SchemaStatus,
} from './database/migrate.js';
export { markOutboxRestored, type RestoredOutbox, type RestoreOptions } from './mark-outbox-restored.js';
export { listOutboxAccounts, openOutbox, type OpenedOutbox } from './open-outbox.js';
export type { LaafficOutboxModuleExtras } from './laaffic-outbox.module-definition.js';
export { LaafficOutboxModule } from './laaffic-outbox.module.js';
export type { GivenPrice } from './options/given-prices.js';
export type {
  MessagePurpose,
  UnconfirmedAction,
  UnconfirmedOptions,
  LaafficOutboxOptions,
  Lane,
  OutboxEventsOptions,
  OutboxRateOptions,
  OutboxReplyOptions,
  OutboxTimingOptions,
  OutboxWorkerOptions,
  SealKey,
} from './options/outbox.options.js';
export { OutboxError, OutboxOptionsError, type OutboxErrorCode } from './errors/outbox.error.js';
export {
  getCampaignsToken,
  getCostsToken,
  getInboxToken,
  getOptOutsToken,
  getOutboxToken,
  getTemplatesToken,
  InjectCampaigns,
  InjectCosts,
  InjectInbox,
  InjectOptOuts,
  InjectOutbox,
  InjectTemplates,
} from './outbox-tokens.js';
export type { KeywordsByLanguage, ReplyKeywordOptions } from './replies/reply-keywords.js';
export { SmsInbox, type InboxEntry, type InboxFilter } from './sms-inbox.js';
export {
  SmsOptOuts,
  type ImportedOptOuts,
  type ListedOptOut,
  type OptOut,
  type OptOutFilter,
  type OptOutScope,
} from './sms-opt-outs.js';
export { SmsCampaigns, type WatchOptions } from './sms-campaigns.js';
export { SmsCosts, type ManyRecipients } from './sms-costs.js';
export { SmsOutbox, type EnqueuedSms, type EnqueueOptions } from './sms-outbox.js';
export {
  SmsTemplates,
  type PutTemplate,
  type TemplateChangeOptions,
  type TemplateFilter,
  type TemplatePreview,
} from './sms-templates.js';
export type { SqlTransaction } from './sql-transaction.js';
export type { NewTemplate, TemplateVariable } from './templates/read-template.js';
export type { SmsTemplate } from './templates/stored-template.js';
export type { TemplateValue } from './templates/template-value.js';
export type { RenderedText, TemplateValues, TemplateVars } from './templates/template.js';
