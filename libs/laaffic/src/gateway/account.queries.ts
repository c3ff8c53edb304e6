import { exceptionOf } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import type { Balance } from '../messages/balance.js';
import type { Account } from '../options/account.js';
import type { AskOptions, LaafficQueries } from './laaffic.queries.js';
import { decimal } from './wire.js';

/** `GET getBalance`. */
export async function askBalance(queries: LaafficQueries, account: Account, options: AskOptions): Promise<Balance> {
  const json = await queries.ask(account, { path: 'getBalance' }, options);
  const [balance, gift, credit] = ['balance', 'gift', 'credit'].map((field) => decimal(json[field]));
  if (balance === undefined) {
    throw exceptionOf(LOCAL_FAILURES.unreadable, {
      outcome: 'rejected',
      reason: 'the answer names no balance',
      status: 0,
    });
  }
  return { balance, gift: gift ?? '0', ...(credit === undefined ? {} : { credit }) };
}

/** An OTP that was used. */
export interface Conversion {
  readonly number: string;
  readonly msgId: string | undefined;
  readonly at: Date;
}

/** `POST postback/backfill`; the time is milliseconds as text, and the id has a lower-case i. */
export async function postConversion(
  queries: LaafficQueries,
  account: Account,
  { number, msgId, at }: Conversion,
  options: AskOptions,
): Promise<void> {
  const body = { appId: account.appId, number, time: String(at.getTime()), msgid: msgId };
  await queries.ask(account, { path: 'postback/backfill', body }, options);
}
