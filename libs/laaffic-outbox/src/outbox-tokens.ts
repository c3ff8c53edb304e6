import { Inject, type InjectionToken } from '@nestjs/common';
import type { EventDispatcher } from './events/event-dispatcher.js';
import type { Reconciler } from './reports/reconciler.js';
import { SmsCampaigns } from './sms-campaigns.js';
import { SmsInbox } from './sms-inbox.js';
import { SmsOptOuts } from './sms-opt-outs.js';
import { SmsCosts } from './sms-costs.js';
import { SmsOutbox } from './sms-outbox.js';
import { SmsTemplates } from './sms-templates.js';
import type { OutboxStore } from './store/outbox-store.js';
import type { OutboxWorker } from './worker/outbox-worker.js';

/**
 * Returns the injection token of the `SmsOutbox` of an account.
 * @param account the name of the account. @default the default account, whose token is `SmsOutbox` itself
 */
export function getOutboxToken(account?: string): InjectionToken<SmsOutbox> {
  return account === undefined ? SmsOutbox : `SmsOutbox:${account}`;
}

/**
 * Injects the `SmsOutbox` of an account.
 * @param account the name of the account. @default the default account
 * @example
 * constructor(@InjectOutbox('marketing') private readonly outbox: SmsOutbox) {}
 */
export function InjectOutbox(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getOutboxToken(account));
}

/**
 * Returns the injection token of the `SmsCampaigns` of an account.
 * @param account the name of the account. @default the default account, whose token is `SmsCampaigns` itself
 */
export function getCampaignsToken(account?: string): InjectionToken<SmsCampaigns> {
  return account === undefined ? SmsCampaigns : `SmsCampaigns:${account}`;
}

/**
 * Injects the `SmsCampaigns` of an account.
 * @param account the name of the account. @default the default account
 */
export function InjectCampaigns(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getCampaignsToken(account));
}

/**
 * Returns the injection token of the `SmsInbox` of an account.
 * @param account the name of the account. @default the default account, whose token is `SmsInbox` itself
 */
export function getInboxToken(account?: string): InjectionToken<SmsInbox> {
  return account === undefined ? SmsInbox : `SmsInbox:${account}`;
}

/**
 * Injects the `SmsInbox` of an account.
 * @param account the name of the account. @default the default account
 */
export function InjectInbox(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getInboxToken(account));
}

/**
 * Returns the injection token of the `SmsOptOuts` of an account.
 * @param account the name of the account. @default the default account, whose token is `SmsOptOuts` itself
 */
export function getOptOutsToken(account?: string): InjectionToken<SmsOptOuts> {
  return account === undefined ? SmsOptOuts : `SmsOptOuts:${account}`;
}

/**
 * Injects the `SmsOptOuts` of an account.
 * @param account the name of the account. @default the default account
 */
export function InjectOptOuts(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getOptOutsToken(account));
}

/**
 * Returns the injection token of the `SmsCosts` of an account.
 * @param account the name of the account. @default the default account, whose token is `SmsCosts` itself
 */
export function getCostsToken(account?: string): InjectionToken<SmsCosts> {
  return account === undefined ? SmsCosts : `SmsCosts:${account}`;
}

/**
 * Injects the `SmsCosts` of an account.
 * @param account the name of the account. @default the default account
 */
export function InjectCosts(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getCostsToken(account));
}

/**
 * Returns the injection token of the `SmsTemplates` of an account.
 * @param account the name of the account. @default the default account, whose token is `SmsTemplates` itself
 */
export function getTemplatesToken(account?: string): InjectionToken<SmsTemplates> {
  return account === undefined ? SmsTemplates : `SmsTemplates:${account}`;
}

/**
 * Injects the `SmsTemplates` of an account.
 * @param account the name of the account. @default the default account
 */
export function InjectTemplates(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getTemplatesToken(account));
}

/**
 * Token with which health and telemetry find the store of an account. Each registration has an `OutboxStore` of its
 * own.
 */
export function storeToken(account?: string): InjectionToken<OutboxStore> {
  return `OutboxStore:${account ?? ''}`;
}

/** What one process does for the outbox of an account. */
export interface OutboxParts {
  readonly store: OutboxStore;
  readonly worker: OutboxWorker;
  readonly reconciler: Reconciler;
  readonly dispatcher: EventDispatcher;
}

/** Token with which the entry for tests finds the parts of an account's outbox. */
export function partsToken(account: string | undefined): InjectionToken<OutboxParts> {
  return `OutboxParts:${account ?? ''}`;
}
