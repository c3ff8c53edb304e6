import { exceptionOf } from '../../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../../errors/local-failures.js';
import type { Balance } from '../../messages/balance.js';
import type { Account } from '../../options/account.js';
import { decimal } from '../protocol/values.js';
import type { QueryClient, QueryRequestOptions } from './query-client.js';

/** Requests `GET getBalance`. */
export async function requestBalance(
  queries: QueryClient,
  account: Account,
  options: QueryRequestOptions,
): Promise<Balance> {
  const json = await queries.request(account, { endpoint: 'getBalance' }, options);
  const [balance, gift, credit] = ['balance', 'gift', 'credit'].map((field) => decimal(json[field]));
  if (balance === undefined) {
    throw exceptionOf(LOCAL_FAILURES.unreadable, {
      outcome: 'rejected',
      reason: 'the response has no balance',
      status: 0,
    });
  }
  return { balance, gift: gift ?? '0', ...(credit === undefined ? {} : { credit }) };
}

/** A one-time password that was used. */
export interface Conversion {
  readonly number: string;
  readonly msgId: string | undefined;
  readonly at: Date;
}

/** Requests `POST postback/backfill`. The time is milliseconds as text; `msgid` has a lower-case i here. */
export async function sendConversion(
  queries: QueryClient,
  account: Account,
  { number, msgId, at }: Conversion,
  options: QueryRequestOptions,
): Promise<void> {
  const body = { appId: account.appId, number, time: String(at.getTime()), msgid: msgId };
  await queries.request(account, { endpoint: 'postback/backfill', body }, options);
}
