import { Inject, type InjectionToken } from '@nestjs/common';
import { OutboxHealthIndicator } from './outbox-health.indicator.js';

/**
 * Returns the injection token of the `OutboxHealthIndicator` of an account.
 * @param account the name of the account. @default the default account, whose token is `OutboxHealthIndicator` itself
 */
export function getOutboxHealthToken(account?: string): InjectionToken<OutboxHealthIndicator> {
  return account === undefined ? OutboxHealthIndicator : `OutboxHealthIndicator:${account}`;
}

/**
 * Injects the `OutboxHealthIndicator` of an account.
 * @param account the name of the account. @default the default account
 */
export function InjectOutboxHealth(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getOutboxHealthToken(account));
}
