import { checkSenderId, senderIdOf } from '../messages/send-command.js';
import { Credentials } from '../signing/credentials.js';
import { LaafficOptionsError } from './laaffic-options.error.js';
import { OptionsReader } from './options-reader.js';

/** The account of a call. */
export interface Account {
  readonly appId: string;
  readonly credentials: Credentials;
  /** The sender of messages that name none. */
  readonly senderId: string | undefined;
}

/** What identifies an account at the platform. All values are trimmed. */
export interface AccountOptions {
  /** The application's id. It selects route, price and sender set-up, and is not the API key. */
  appId: string | undefined;
  /** The API key of the account. */
  apiKey: string | undefined;
  /** The API secret of the account. */
  apiSecret: string | undefined;
  /**
   * The sender of commands that name none, at most 32 characters.
   * @default none: the sender of the application
   */
  senderId?: string | undefined;
}

/** @throws {LaafficOptionsError} naming each field that is missing, unknown or malformed. */
export function accountOf(options: AccountOptions): Account {
  const reader = new OptionsReader(options);
  const account = readAccount(reader);
  reader.rejectUnknown();
  if (reader.problems.length > 0) throw new LaafficOptionsError(reader.problems);
  return account;
}

export function readAccount(reader: OptionsReader): Account {
  return Object.freeze({
    appId: readCredential(reader, 'appId'),
    credentials: new Credentials(readCredential(reader, 'apiKey'), readCredential(reader, 'apiSecret')),
    senderId: readSenderId(reader),
  });
}

/** Trimmed because environment values often end in a line end, which would spoil the signature. */
function readCredential(reader: OptionsReader, field: 'appId' | 'apiKey' | 'apiSecret'): string {
  const value = reader.value(field);
  const trimmed = typeof value === 'string' ? value.trim() : '';
  if (value === undefined) reader.report(field, 'is missing or blank');
  else if (typeof value !== 'string') reader.report(field, 'must be text, in quotes');
  else if (/^(["'`]).*\1$/.test(trimmed)) reader.report(field, 'has quotes around it, which would be part of it');
  else if (!/^[\x21-\x7e]+$/.test(trimmed)) reader.report(field, 'has characters that cannot be part of it');
  return trimmed;
}

function readSenderId(reader: OptionsReader): string | undefined {
  const value = reader.value('senderId');
  const issue = checkSenderId(value);
  if (issue !== undefined) reader.report('senderId', issue.problem);
  return senderIdOf(value);
}
