import { Credentials } from '../signing/credentials.js';
import { LaafficOptionsError } from './laaffic-options.error.js';
import { OptionsCheck } from './options-check.js';

/** In whose name a call is made. */
export interface Account {
  readonly appId: string;
  readonly credentials: Credentials;
  /** The sender of messages that name none. */
  readonly senderId: string | undefined;
}

/** What identifies an account at the platform; trimmed, as `LaafficOptions` are. */
export interface AccountOptions {
  /** The application's id; it picks route, price and sender set-up, and is not the API key. */
  appId: string | undefined;
  /** The API key of the account. */
  apiKey: string | undefined;
  /** The API secret of the account. */
  apiSecret: string | undefined;
  /**
   * The sender of commands that name none, at most 32 characters.
   * @default none: the application's own
   */
  senderId?: string | undefined;
}

/** @throws {LaafficOptionsError} naming each field that is missing, unknown or malformed. */
export function accountOf(options: AccountOptions): Account {
  const check = new OptionsCheck(options, '');
  const account = readAccount(check);
  check.refuseUnknown();
  if (check.problems.length > 0) throw new LaafficOptionsError(check.problems);
  return account;
}

export function readAccount(check: OptionsCheck): Account {
  return Object.freeze({
    appId: check.credential('appId'),
    credentials: new Credentials(check.credential('apiKey'), check.credential('apiSecret')),
    senderId: check.senderId('senderId'),
  });
}
