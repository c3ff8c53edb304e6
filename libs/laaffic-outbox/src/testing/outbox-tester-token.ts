import type { InjectionToken } from '@nestjs/common';
import { OutboxTester } from './outbox-tester.js';

/**
 * Returns the injection token of the {@link OutboxTester} of an account.
 * @param account the name of the account. @default the default account, whose token is `OutboxTester` itself
 */
export function getOutboxTesterToken(account?: string): InjectionToken<OutboxTester> {
  return account === undefined ? OutboxTester : `OutboxTester:${account}`;
}
