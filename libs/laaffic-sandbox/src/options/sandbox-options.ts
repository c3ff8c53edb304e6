import type { AcceptedMessage, BlockedRequest, RecordedPush, RecordedRequest } from '../history/records.js';
import type { Decimal } from '../vendor/decimal.js';
import type { PushAddress } from './push-address.js';
import { DEFAULT_QUIRKS, type SandboxQuirks } from './sandbox-quirks.js';

/** A literal text or a regular expression. In JSON an expression is `{"pattern": "^91", "flags": "i"}`. */
export type TextPattern = string | RegExp | { pattern: string; flags?: string };

/**
 * Rejects the messages it matches. All given matchers have to match, and at least one is required.
 * @example { number: /^1/, status: -9, reason: 'DST_MCCMNC_LIMIT' }
 */
export interface RejectionRule {
  /** The whole number, or an expression to test it with. */
  number?: TextPattern;
  /** A part of the content, or an expression to test it with. */
  content?: TextPattern;
  /** The whole sender ID, or an expression to test it with. */
  senderId?: TextPattern;
  /** The status to respond with, from -999 to -1. It need not be documented. */
  status: number;
  /** @default the vendor's wording for the status */
  reason?: string;
  /** Rejects only the matching numbers, or the whole request. @default 'number' for -9 and -28, otherwise 'request' */
  rejects?: 'number' | 'request';
  /** HTTP status of a response that rejects the whole request. @default the quirk `errorHttpStatus` */
  httpStatus?: number;
}

/**
 * Makes the messages it matches fail after they were accepted. All given matchers have to match, and at least one is
 * required.
 * @example { number: /^1/, reason: 'EXPIRED' }
 */
export interface FailureRule {
  /** The whole number, or an expression to test it with. */
  number?: TextPattern;
  /** A part of the content, or an expression to test it with. */
  content?: TextPattern;
  /** The reason in the delivery report. @default 'UNDELIV' */
  reason?: string;
}

/** All settings of a sandbox. `null` means "none" or "no limit", because the options can also come from JSON. */
export interface SandboxSettings {
  /** Address to listen on. Fixed once the sandbox has started. @default '127.0.0.1' */
  host: string;
  /** Port to listen on, or 0 for a free one. Fixed once the sandbox has started. @default 0 */
  port: number;
  /**
   * The path before `/sendSms`, such as `/v3`, `/sms` or an empty string. Fixed once the sandbox has started.
   * @default '/v3'
   */
  basePath: string;
  /** The id of the account's application, or a list of several. @default the vendor's sample `4luaKsL2` */
  appId: string | readonly string[];
  /** @default the vendor's sample `bDqJFiq9` */
  apiKey: string;
  /** @default the vendor's sample `7bz1lzh9` */
  apiSecret: string;
  /** Money in the account. @default '1000000' */
  balance: Decimal;
  /** Bonus money. Spent only with the quirk `spendableFunds: 'balance-gift-credit'`. @default '0' */
  gift: Decimal;
  /** Credit line. Spent only with the quirk `spendableFunds: 'balance-gift-credit'`. @default '0' */
  credit: Decimal;
  /** Price of one segment. @default '0.01' */
  pricePerSegment: Decimal;
  /**
   * Prices of one segment by number prefix. The longest matching prefix wins.
   * @default {}
   * @example { '91': '0.02', '1': '0.015' }
   */
  pricesByPrefix: Readonly<Record<string, Decimal>>;
  /** IP addresses and subnets (`10.0.0.0/8`) of clients that the account allows, or `null` for all. @default null */
  allowedIps: readonly string[] | null;
  /** Rules that reject messages. The first match wins, and rules win over the built-in triggers. @default [] */
  rejectionRules: readonly RejectionRule[];
  /**
   * Whether the built-in triggers work. The number `99900000NN`, the content `[status:-N]` and the sender ID `STATUS-N`
   * provoke a status. Numbers `99911…` and contents with `[deliver:failed]` fail after they were accepted.
   * @default true
   */
  triggers: boolean;
  /** Time an accepted message stays `queued`, by the gateway's clock. @default 500 */
  queuedForMs: number;
  /**
   * Time from acceptance to delivery or failure, by the gateway's clock. With `null`, only
   * `LaafficSandbox.setDeliveryState` ends a message. @default 1500
   */
  deliveredAfterMs: number | null;
  /** Rules that make accepted messages fail. The first match wins, and rules win over the triggers. @default [] */
  failureRules: readonly FailureRule[];
  /**
   * Host names that clients may use to reach the sandbox, besides `localhost`, IP addresses and `host`. A request to any
   * other host gets HTTP 403, because it may come from a web page whose name was rebound to this machine. Cannot be set
   * over HTTP.
   * @default []
   */
  allowedHosts: readonly string[];
  /**
   * Where delivery reports are pushed: an http URL of this machine, an object with one for each app id, or `null` for
   * nowhere.
   * @default null
   * @example 'http://127.0.0.1:3000/reports'
   */
  pushReportsTo: PushAddress;
  /** Where inbound messages are pushed, in the same form as `pushReportsTo`. @default null */
  pushInboundTo: PushAddress;
  /**
   * The URLs that `pushReportsTo` and `pushInboundTo` may be set to over HTTP, compared as a whole. Cannot itself be set
   * over HTTP.
   * @default []
   */
  allowedPushUrls: readonly string[];
  /**
   * Hosts besides this machine that pushes may go to, such as a service of the same container network. Cannot be set over
   * HTTP.
   * @default []
   */
  allowedPushHosts: readonly string[];
  /** Seconds the gateway's clock is ahead, or behind if negative. @default 0 */
  clockSkewSeconds: number;
  /** The only source of time, in milliseconds since 1970. Fixed once the sandbox has started. @default Date.now */
  now: () => number;
  /**
   * Time in which a request has to arrive completely. Otherwise it gets HTTP 408. Fixed once the sandbox has started.
   * @default 60000
   */
  requestTimeoutMs: number;
  /** Longest body the sandbox reads. A longer one gets HTTP 413. @default 16777216 */
  maxBodyBytes: number;
  /**
   * Number of requests, pushes and conversions to keep. The oldest are dropped. `null` or `Infinity` is no limit.
   * @default 10000
   */
  historyLimit: number | null;
  /**
   * Number of messages to keep, sent and inbound. The oldest are dropped. `null` or `Infinity` is no limit.
   * @default 1000000
   */
  messageLimit: number | null;
  /** Called once for each request to a vendor endpoint, when it has ended. @default null */
  onRequest: ((request: RecordedRequest, accepted: readonly AcceptedMessage[]) => void) | null;
  /** Called once for each push, when it was acknowledged or given up. @default null */
  onPush: ((push: RecordedPush) => void) | null;
  /** Called for each request that was blocked because a web page may have sent it. No history has it. @default null */
  onBlockedRequest: ((request: BlockedRequest) => void) | null;
  /** How the gateway behaves where the vendor's pages are unclear. @default see {@link SandboxQuirks} */
  quirks: Readonly<SandboxQuirks>;
}

/**
 * Options of `LaafficSandbox.start`. All are optional.
 * @example { deliveredAfterMs: null, rejectionRules: [{ number: /^1/, status: -9 }], quirks: { failArray: 'always' } }
 */
export interface SandboxOptions extends Partial<Omit<SandboxSettings, 'quirks'>> {
  quirks?: Partial<SandboxQuirks>;
}

/** The account of the vendor's sample requests. A sandbox has it by default. It is no secret. */
export const SAMPLE_ACCOUNT: Readonly<Record<'appId' | 'apiKey' | 'apiSecret', string>> = Object.freeze({
  appId: '4luaKsL2',
  apiKey: 'bDqJFiq9',
  apiSecret: '7bz1lzh9',
});

export const DEFAULT_SETTINGS: Readonly<SandboxSettings> = Object.freeze({
  host: '127.0.0.1',
  port: 0,
  basePath: '/v3',
  ...SAMPLE_ACCOUNT,
  balance: '1000000',
  gift: '0',
  credit: '0',
  pricePerSegment: '0.01',
  pricesByPrefix: Object.freeze({}),
  allowedIps: null,
  rejectionRules: Object.freeze([]),
  triggers: true,
  queuedForMs: 500,
  deliveredAfterMs: 1500,
  failureRules: Object.freeze([]),
  allowedHosts: Object.freeze([]),
  pushReportsTo: null,
  pushInboundTo: null,
  allowedPushUrls: Object.freeze([]),
  allowedPushHosts: Object.freeze([]),
  clockSkewSeconds: 0,
  now: Date.now,
  requestTimeoutMs: 60_000,
  maxBodyBytes: 16 * 1024 * 1024,
  historyLimit: 10_000,
  messageLimit: 1_000_000,
  onRequest: null,
  onPush: null,
  onBlockedRequest: null,
  quirks: DEFAULT_QUIRKS,
});
