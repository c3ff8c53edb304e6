import type { RejectionCode } from '../vendor/rejection.js';

/** A check that the gateway makes before it works on a request. */
export type RequestCheck = 'key' | 'ip' | 'time' | 'sign' | 'parameters';

/**
 * How the gateway behaves where the vendor's pages contradict each other or say nothing. The defaults follow the vendor's
 * page sendSms.
 * @example { failArray: 'always', tooManyNumbers: -23, maxRequestsPerSecond: 10 }
 */
export interface SandboxQuirks {
  /** Seconds a `Timestamp` may be off. @default 1800 */
  timestampToleranceSeconds: number;
  /** Whether a `Timestamp` from the future is tolerated too (`both`), or rejected at once (`past`). @default 'both' */
  timestampWindow: 'both' | 'past';
  /** Whether a `Timestamp` that is off by exactly the tolerance still passes. @default true */
  timestampToleranceInclusive: boolean;
  /** Whether `Sign` may have any case or must be lower case. @default 'any' */
  signCase: 'any' | 'lower';
  /** The order of the checks, which decides what code wins. @default ['key', 'ip', 'time', 'sign', 'parameters'] */
  checkOrder: readonly RequestCheck[];
  /** Response to a request without one of the four headers. @default -1 */
  missingHeaders: RejectionCode;
  /** Response to a body that is not a JSON object. @default -22 */
  malformedJson: RejectionCode;
  /** Response to a `Content-Type` other than JSON, or `accept` to accept it. @default -22 */
  wrongContentType: RejectionCode | 'accept';
  /** Response to a field of the wrong type, a repeated query key or an empty `appId`. @default -22 */
  badParameter: RejectionCode;
  /** Response to an `appId` that the account does not have. @default -1 */
  foreignAppId: RejectionCode;
  /** Response to a client outside `allowedIps`. @default -2 */
  ipNotAllowed: RejectionCode;
  /** Whether `status`, counts and amounts are JSON strings or numbers. @default 'strings' */
  numericFields: 'strings' | 'numbers';
  /**
   * What a rejected request gets: counts and arrays (`full`), or `status` and `reason` only (`bare`). `observed` is what
   * the real gateway was seen to do: bare from the account checks, full from all later checks.
   * @default 'observed'
   */
  failureEnvelope: 'observed' | 'full' | 'bare';
  /** When a full response has `failArray`. @default 'on-failure' */
  failArray: 'never' | 'on-failure' | 'always';
  /**
   * Response to a request with some rejected numbers: status 0 and `fail` above 0, the code of the first failure beside a
   * non-empty `array`, or nothing accepted at all.
   * @default 'status-zero'
   */
  partialSuccess: 'status-zero' | 'first-failure' | 'reject-all';
  /** `orderId` of an item that was sent without one. @default 'null' */
  orderIdEcho: 'null' | 'empty' | 'absent';
  /** Whether items of `failArray` have `orderId`. @default false */
  orderIdInFailArray: boolean;
  /**
   * Response if there are not as many order ids as numbers. `ignore` drops all of them; `pad` assigns as many as there
   * are.
   * @default -22
   */
  orderIdMismatch: RejectionCode | 'ignore' | 'pad';
  /** Whether a number that occurs twice in a request gets two messages or one. @default 'keep' */
  duplicateNumbers: 'keep' | 'merge';
  /** Most numbers in one POST. @default 1000 */
  maxNumbersPerPost: number;
  /** Most numbers in one GET. @default 100 */
  maxNumbersPerGet: number;
  /** Response to more numbers or batch entries than allowed. @default -7 */
  tooManyNumbers: RejectionCode;
  /** Longest content, in `contentLengthUnit`. @default 1024 */
  maxContentLength: number;
  /** What the content limit counts: code points, UTF-16 units or UTF-8 bytes. @default 'characters' */
  contentLengthUnit: 'characters' | 'utf16' | 'bytes';
  /** Longest sender ID, in characters. @default 32 */
  maxSenderIdLength: number;
  /** Response to a longer sender ID, or `truncate` to shorten it. @default -22 */
  longSenderId: RejectionCode | 'truncate';
  /** Response to a blank sender ID, or `ignore` to send without one. @default 'ignore' */
  blankSenderId: RejectionCode | 'ignore';
  /** Whether numbers with `+`, a leading `00` or blanks are rejected with -9 or accepted without them. @default 'reject' */
  looseNumbers: 'reject' | 'accept';
  /** Fewest digits of a number. @default 7 */
  minNumberDigits: number;
  /** Most digits of a number. @default 15 */
  maxNumberDigits: number;
  /** The funds that a send may spend. @default 'balance' */
  spendableFunds: 'balance' | 'balance-gift-credit';
  /** Most requests in one second of the gateway's clock, or `null` for no limit. @default null */
  maxRequestsPerSecond: number | null;
  /** Response to more requests: -15, -27, -28 or HTTP 429. @default -15 */
  tooManyRequests: RejectionCode;
  /** Most messages to one phone within `phonePeriodSeconds`, or `null` for no limit. @default null */
  maxMessagesPerPhone: number | null;
  /** The period of `maxMessagesPerPhone`. @default 86400 */
  phonePeriodSeconds: number;
  /** Response to more messages to a phone. -9 and -28 reject that number only. @default -28 */
  tooManyMessages: RejectionCode;
  /** HTTP status of rejections in the vendor's envelope. @default 200 */
  errorHttpStatus: number;
  /** Whether a batch entry must have its numbers in `numbers` or may have them in `number`. @default 'numbers' */
  batchNumberField: 'numbers' | 'either';
  /** Most entries in one batch, or `null` for no limit. @default null */
  maxEntriesPerBatch: number | null;
  /** Most numbers in one batch, all entries together, or `null` for no limit. @default 1000 */
  maxNumbersPerBatch: number | null;
  /** Most numbers in one entry of a batch, or `null` for no limit. @default 1000 */
  maxNumbersPerBatchEntry: number | null;
  /** What an invalid content, sender ID or order id of a batch entry rejects. @default 'entry' */
  batchRejection: 'entry' | 'request';
  /** Response to a POST on getReport, getSentRcd and getBalance. @default 405 */
  queryByPost: RejectionCode;
  /** Most ids in one getReport. @default 200 */
  maxMsgIds: number;
  /** Response to more ids, or `nofound` to count the ids above the limit as `nofound`. @default -14 */
  tooManyMsgIds: RejectionCode | 'nofound';
  /** Response to missing or empty `msgIds`, or `nofound` for a response without messages. @default -14 */
  emptyMsgIds: RejectionCode | 'nofound';
  /** Response to an id the application does not have, or `nofound` to count it as `nofound`. @default 'nofound' */
  unknownMsgId: RejectionCode | 'nofound';
  /** Days that getReport and getSentRcd look back. The vendor says 90 to 120. @default 90 */
  reportRetentionDays: number;
  /** Whether `receiveTime` is the time of the outcome or of the acceptance. @default 'done' */
  receiveTime: 'done' | 'accepted';
  /** `receiveTime` of a message that has no outcome yet. @default 'null' */
  pendingReceiveTime: 'null' | 'absent' | 'empty';
  /** Hours that the vendor's local times `receiveTime` and `reply_time` are ahead of UTC. @default 8 */
  utcOffsetHours: number;
  /**
   * `pricedetail` in getReport and getSentRcd. `settled` adds the four settlement fields, unless `currency` is USD.
   * @default 'absent'
   */
  reportPriceDetail: 'absent' | 'plain' | 'settled';
  /** Currency of every `pricedetail`. @default 'EUR' */
  currency: string;
  /** Response to a time in getSentRcd that is not ISO 8601 with an offset. @default -11 */
  badTime: RejectionCode;
  /** Most days between the two times of a getSentRcd or recordMo. @default 31 */
  maxRangeDays: number;
  /** Response to a longer range, an end before its start, or a start too long ago: -25 or -11. @default -25 */
  badRange: RejectionCode;
  /** Which time of a message getSentRcd compares with its range. @default 'accepted' */
  sentRecordTime: 'accepted' | 'done';
  /** Most messages in one getSentRcd. @default 50000 */
  sentRecordPageSize: number;
  /**
   * Decimals of `balance`, `gift` and `credit`, without rounding. `varying` is as in the vendor's sample: 6, 5 and as few
   * as needed.
   * @default 'varying'
   */
  balanceDecimals: number | 'varying';
  /** Whether getBalance has `credit`. @default true */
  creditInBalance: boolean;
  /** `orderId` of a report push. `trailing-blank` has the key `"orderId "` of the vendor's sample. @default 'present' */
  pushOrderId: 'present' | 'trailing-blank' | 'absent';
  /** Whether a report push has `mcc` and `mnc`. @default false */
  pushNetwork: boolean;
  /** JSON type of `status` in a report push. @default 'number' */
  pushStatusType: 'number' | 'string';
  /** `status` of a failed message in a report push. Any number but 0. @default 1 */
  pushFailedStatus: number;
  /** Whether `timestamp` of a report push is the time of the acceptance or of the outcome. @default 'accepted' */
  pushTimestamp: 'accepted' | 'done';
  /** `pricedetail` of a report push. @default 'plain' */
  pushPriceDetail: 'absent' | 'plain' | 'settled';
  /** Key of the network code in an inbound push. @default 'mnc' */
  inboundNetworkKey: 'mnc' | 'mcn';
  /** Whether an inbound push has `msgid`. @default true */
  inboundMsgId: boolean;
  /** Delay before a push is sent. @default 0 */
  pushDelayMs: number;
  /** Copies of each push. 0.25 means one copy of every fourth push. @default 0 */
  pushDuplicates: number;
  /** Order of pushes that are due at the same moment, such as the reports of one request. @default 'as-finished' */
  pushOrder: 'as-finished' | 'reversed';
  /** Most pushes in flight. With more than one, their order is not guaranteed. @default 1 */
  pushConcurrency: number;
  /** Whether reports are pushed and acknowledged before the send gets its response. @default false */
  pushBeforeResponse: boolean;
  /** Retries of a push that does not get HTTP 200. The vendor documents none. @default 0 */
  pushRetries: number;
  /** Time between two attempts of a push. @default 1000 */
  pushRetryDelayMs: number;
  /** Time to wait for the response to a push. @default 10000 */
  pushTimeoutMs: number;
  /**
   * The last status the platform knows. For later codes, the checks respond with the older equivalent: -2 for -31, -14 for
   * -22, and so on. Codes from triggers, rules and the script stay as they are.
   * @default -32
   */
  lastKnownStatus: -19 | -28 | -32;
}

export const DEFAULT_QUIRKS: Readonly<SandboxQuirks> = Object.freeze({
  timestampToleranceSeconds: 1800,
  timestampWindow: 'both',
  timestampToleranceInclusive: true,
  signCase: 'any',
  checkOrder: Object.freeze(['key', 'ip', 'time', 'sign', 'parameters'] as const),
  missingHeaders: -1,
  malformedJson: -22,
  wrongContentType: -22,
  badParameter: -22,
  foreignAppId: -1,
  ipNotAllowed: -2,
  numericFields: 'strings',
  failureEnvelope: 'observed',
  failArray: 'on-failure',
  partialSuccess: 'status-zero',
  orderIdEcho: 'null',
  orderIdInFailArray: false,
  orderIdMismatch: -22,
  duplicateNumbers: 'keep',
  maxNumbersPerPost: 1000,
  maxNumbersPerGet: 100,
  tooManyNumbers: -7,
  maxContentLength: 1024,
  contentLengthUnit: 'characters',
  maxSenderIdLength: 32,
  longSenderId: -22,
  blankSenderId: 'ignore',
  looseNumbers: 'reject',
  minNumberDigits: 7,
  maxNumberDigits: 15,
  spendableFunds: 'balance',
  maxRequestsPerSecond: null,
  tooManyRequests: -15,
  maxMessagesPerPhone: null,
  phonePeriodSeconds: 86_400,
  tooManyMessages: -28,
  errorHttpStatus: 200,
  batchNumberField: 'numbers',
  maxEntriesPerBatch: null,
  maxNumbersPerBatch: 1000,
  maxNumbersPerBatchEntry: 1000,
  batchRejection: 'entry',
  queryByPost: 405,
  maxMsgIds: 200,
  tooManyMsgIds: -14,
  emptyMsgIds: -14,
  unknownMsgId: 'nofound',
  reportRetentionDays: 90,
  receiveTime: 'done',
  pendingReceiveTime: 'null',
  utcOffsetHours: 8,
  reportPriceDetail: 'absent',
  currency: 'EUR',
  badTime: -11,
  maxRangeDays: 31,
  badRange: -25,
  sentRecordTime: 'accepted',
  sentRecordPageSize: 50_000,
  balanceDecimals: 'varying',
  creditInBalance: true,
  pushOrderId: 'present',
  pushNetwork: false,
  pushStatusType: 'number',
  pushFailedStatus: 1,
  pushTimestamp: 'accepted',
  pushPriceDetail: 'plain',
  inboundNetworkKey: 'mnc',
  inboundMsgId: true,
  pushDelayMs: 0,
  pushDuplicates: 0,
  pushOrder: 'as-finished',
  pushConcurrency: 1,
  pushBeforeResponse: false,
  pushRetries: 0,
  pushRetryDelayMs: 1000,
  pushTimeoutMs: 10_000,
  lastKnownStatus: -32,
});
