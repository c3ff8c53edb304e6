import type { AcceptedMessage } from '../ledger/accepted.message.js';
import type { RecordedRequest } from '../ledger/recorded.request.js';
import type { RefusedRequest } from '../ledger/refused.request.js';
import type { RecordedPush } from '../push/recorded.push.js';
import type { Decimal } from './decimal.js';
import { defaultQuirks, type SandboxQuirks } from './sandbox.quirks.js';

/** A literal text, or an expression; JSON writes it as `{"pattern": "^91", "flags": "i"}`. */
export type TextPattern = string | RegExp | { pattern: string; flags?: string };

/** Refuses what it matches. Every matcher that is given has to match; at least one is needed. */
export interface SandboxRule {
  /** The whole number, or an expression tested against it. */
  number?: TextPattern;
  /** A part of the content, or an expression tested against it. */
  content?: TextPattern;
  /** The whole sender ID, or an expression tested against it. */
  senderId?: TextPattern;
  /** The status to answer, documented or not; never 0. */
  status: number;
  /** @default the vendor's wording */
  reason?: string;
  /** Refuse only the numbers that match, or the whole call. @default 'number' for -9 and -28, else 'call' */
  per?: 'number' | 'call';
  /** HTTP status of a call refused as a whole. @default the quirk `errorHttpStatus` */
  http?: number;
}

/** Lets messages fail after they have been accepted. Every matcher that is given has to match; one is needed. */
export interface SandboxFailure {
  /** The whole number, or an expression tested against it. */
  number?: TextPattern;
  /** A part of the content, or an expression tested against it. */
  content?: TextPattern;
  /** What the report says. @default 'UNDELIV' */
  reason?: string;
}

export interface SandboxSettings {
  /** Address to listen on; fixed once started. @default '127.0.0.1' */
  host: string;
  /** Port to listen on, 0 for a free one; fixed once started. @default 0 */
  port: number;
  /** What precedes `/sendSms`: `/v3`, `/sms` or ''; fixed once started. @default '/v3' */
  basePath: string;
  /** The application id, or several. @default '4luaKsL2' (the vendor's sample) */
  appId: string | readonly string[];
  /** @default 'bDqJFiq9' (the vendor's sample) */
  apiKey: string;
  /** @default '7bz1lzh9' (the vendor's sample) */
  apiSecret: string;
  /** Money in the account. @default '1000000' */
  balance: Decimal;
  /** Bonus money; spent only with the quirk `spendable: 'balance-gift-credit'`. @default '0' */
  gift: Decimal;
  /** Credit line; spent only with the quirk `spendable: 'balance-gift-credit'`. @default '0' */
  credit: Decimal;
  /** Price of one segment. @default '0.01' */
  price: Decimal;
  /** Prices of one segment by number prefix; the longest prefix wins. @default {} */
  prices: Readonly<Record<string, Decimal>>;
  /** Addresses and subnets (`10.0.0.0/8`) that may call; `null` is everybody. @default null */
  allowedIps: readonly string[] | null;
  /** Your own refusals, first match first; they come before the built-in triggers. @default [] */
  rules: readonly SandboxRule[];
  /**
   * Whether numbers `99900000NN`, contents with `[status:-N]` and senders `STATUS-N` provoke a status, and numbers
   * `99911…` and contents with `[deliver:failed]` fail after they were accepted. @default true
   */
  triggers: boolean;
  /** Milliseconds an accepted message is queued, by the gateway's clock. @default 500 */
  queuedFor: number;
  /** Milliseconds from acceptance to delivery or failure; `null`: only `deliver()` ends it. @default 1500 */
  deliveredAfter: number | null;
  /** Messages that fail, first match first; they come before the triggers. @default [] */
  failures: readonly SandboxFailure[];
  /**
   * Host names under which clients may reach the sandbox, beside `localhost`, IP addresses and `host`. A request for any
   * other is answered with HTTP 403: a web page whose name was rebound to this machine sends such. Not over HTTP.
   * @default []
   */
  allowedHosts: readonly string[];
  /** Where delivery reports are pushed: an http URL of this machine; `null` is nowhere. @default null */
  pushReportsTo: string | null;
  /** Where inbound messages are pushed: an http URL of this machine; `null` is nowhere. @default null */
  pushInboundTo: string | null;
  /**
   * The URLs that `pushReportsTo` and `pushInboundTo` may be set to over HTTP, each of this machine, compared whole. This
   * option itself cannot be set over HTTP. @default []
   */
  allowedPushUrls: readonly string[];
  /** Seconds the gateway's clock is ahead (negative: behind). @default 0 */
  clockSkew: number;
  /** Milliseconds since 1970; the only source of time; fixed once started. @default Date.now */
  now: () => number;
  /** Milliseconds in which a request has to arrive whole, else HTTP 408; fixed once started. @default 60000 */
  requestTimeout: number;
  /** Bytes of the longest body that is read; a longer one is answered with HTTP 413. @default 16777216 */
  bodyLimit: number;
  /** Requests, pushes and conversions kept in the history, oldest dropped; `null` or Infinity is no limit. @default 10000 */
  historyLimit: number | null;
  /** Messages, inbound ones too, kept in the ledger, oldest dropped; `null` or Infinity is no limit. @default 1000000 */
  messageLimit: number | null;
  /** Called once for each vendor call when it has been answered, cut or left hanging. @default null */
  onCall: ((request: RecordedRequest, accepted: readonly AcceptedMessage[]) => void) | null;
  /** Called once for each push when it has been acknowledged or given up. @default null */
  onPush: ((push: RecordedPush) => void) | null;
  /** Called for each request that is refused because a web page may have sent it; it is in no history. @default null */
  onRefused: ((request: RefusedRequest) => void) | null;
  /** @default see SandboxQuirks */
  quirks: Readonly<SandboxQuirks>;
}

/** What `LaafficSandbox.start` takes: any of the settings, any of the quirks. */
export interface SandboxOptions extends Partial<Omit<SandboxSettings, 'quirks'>> {
  quirks?: Partial<SandboxQuirks>;
}

export const defaultSettings: Readonly<SandboxSettings> = Object.freeze({
  host: '127.0.0.1',
  port: 0,
  basePath: '/v3',
  appId: '4luaKsL2',
  apiKey: 'bDqJFiq9',
  apiSecret: '7bz1lzh9',
  balance: '1000000',
  gift: '0',
  credit: '0',
  price: '0.01',
  prices: Object.freeze({}),
  allowedIps: null,
  rules: Object.freeze([]),
  triggers: true,
  queuedFor: 500,
  deliveredAfter: 1500,
  failures: Object.freeze([]),
  allowedHosts: Object.freeze([]),
  pushReportsTo: null,
  pushInboundTo: null,
  allowedPushUrls: Object.freeze([]),
  clockSkew: 0,
  now: Date.now,
  requestTimeout: 60_000,
  bodyLimit: 16 * 1024 * 1024,
  historyLimit: 10_000,
  messageLimit: 1_000_000,
  onCall: null,
  onPush: null,
  onRefused: null,
  quirks: defaultQuirks,
});
