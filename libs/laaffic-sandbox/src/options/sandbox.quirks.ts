import type { RefusalCode } from '../protocol/refusal.js';

export type Check = 'key' | 'ip' | 'time' | 'sign' | 'parameters';

/** Where the vendor's pages contradict each other or say nothing. The defaults follow the vendor page sendSms. */
export interface SandboxQuirks {
  /** Seconds a `Timestamp` may be off. @default 1800 */
  timeTolerance: number;
  /** Whether a `Timestamp` ahead of the gateway is refused at once (`past`) or has the same tolerance. @default 'both' */
  timeWindow: 'both' | 'past';
  /** Whether a `Timestamp` off by exactly the tolerance still passes. @default true */
  timeInclusive: boolean;
  /** Whether `Sign` may be in either case or must be lower case. @default 'any' */
  signCase: 'any' | 'lower';
  /** Which check is made first, and so which code wins. @default ['key', 'ip', 'time', 'sign', 'parameters'] */
  checkOrder: readonly Check[];
  /** Answer when one of the four headers is missing. @default -1 */
  missingHeaders: RefusalCode;
  /** Answer to a body that is not a JSON object. @default -22 */
  malformedJson: RefusalCode;
  /** Answer to a `Content-Type` other than JSON, or `'accept'`. @default -22 */
  wrongContentType: RefusalCode | 'accept';
  /** Answer to a field of the wrong type, a repeated query key or an empty `appId`. @default -22 */
  badParameter: RefusalCode;
  /** Answer to an `appId` that is not the account's. @default -1 */
  foreignAppId: RefusalCode;
  /** Answer to a caller outside `allowedIps`. @default -2 */
  ipRefused: RefusalCode;
  /** Whether `status`, `success` and `fail` are strings or ints. @default 'strings' */
  wireTypes: 'strings' | 'numbers';
  /**
   * What a refused call carries: counts and arrays (`full`), `status` and `reason` alone (`bare`), or as seen in the
   * wild: bare from the account checks, full from everything after them (`seen`). @default 'seen'
   */
  failureEnvelope: 'seen' | 'full' | 'bare';
  /** When `failArray` is part of a full answer. @default 'on-failure' */
  failArray: 'never' | 'on-failure' | 'always';
  /**
   * A call of which some numbers are refused: status 0 and `fail` above 0, the first failure's code beside a non-empty
   * `array`, or nothing accepted at all. @default 'status-zero'
   */
  partialSuccess: 'status-zero' | 'first-failure' | 'refuse-all';
  /** `orderId` of an item for which none was sent. @default 'null' */
  orderIdEcho: 'null' | 'empty' | 'absent';
  /** Whether items of `failArray` carry `orderId`. @default false */
  orderIdInFailArray: boolean;
  /** Not as many order ids as numbers: refused with a code, all dropped, or assigned as far as they go. @default -22 */
  orderIdMismatch: RefusalCode | 'ignore' | 'pad';
  /** The same number twice in a call. @default 'keep' */
  duplicateNumbers: 'keep' | 'merge';
  /** Most numbers in one POST. @default 1000 */
  maxNumbersPost: number;
  /** Most numbers in one GET. @default 100 */
  maxNumbersGet: number;
  /** Answer above those. @default -7 */
  tooManyNumbers: RefusalCode;
  /** Longest content, in `contentUnit`. @default 1024 */
  maxContent: number;
  /** What the content limit counts: code points, UTF-16 units or UTF-8 bytes. @default 'characters' */
  contentUnit: 'characters' | 'utf16' | 'bytes';
  /** Longest sender ID, in characters. @default 32 */
  maxSenderId: number;
  /** A sender ID above that: refused with a code, or cut. @default -22 */
  longSenderId: RefusalCode | 'cut';
  /** A blank sender ID: taken as none, or refused with a code. @default 'none' */
  blankSenderId: RefusalCode | 'none';
  /** `+`, a leading `00` and blanks in numbers: refused with -9, or taken away. @default 'refuse' */
  looseNumbers: 'refuse' | 'tolerate';
  /** Fewest digits of a number. @default 7 */
  minDigits: number;
  /** Most digits of a number. @default 15 */
  maxDigits: number;
  /** What a send is checked against and charged to. @default 'balance' */
  spendable: 'balance' | 'balance-gift-credit';
  /** Most calls in one second of the gateway's clock; `null` is no limit. @default null */
  callsPerSecond: number | null;
  /** Answer above that: -15, -27, -28 or HTTP 429. @default -15 */
  callsPerSecondAnswer: RefusalCode;
  /** Most messages to one phone within `phonePeriod`; `null` is no limit. @default null */
  messagesPerPhone: number | null;
  /** Seconds. @default 86400 */
  phonePeriod: number;
  /** Answer above that; -9 and -28 refuse only that number. @default -28 */
  messagesPerPhoneAnswer: RefusalCode;
  /** HTTP status of refusals that come in the vendor's envelope. @default 200 */
  errorHttpStatus: number;
  /** Where a batch entry has its numbers: `numbers`, or `number` too. @default 'numbers' */
  batchNumberField: 'numbers' | 'either';
  /** Most entries in one batch; `null` is no limit. @default null */
  maxBatchEntries: number | null;
  /** Most numbers in one batch, all entries together; `null` is no limit. @default 1000 */
  maxBatchNumbers: number | null;
  /** Most numbers in one entry of a batch; `null` is no limit. @default 1000 */
  maxEntryNumbers: number | null;
  /** What a wrong content, sender ID or order id of a batch entry refuses: the entry, or the whole call. @default 'entry' */
  batchRefusal: 'entry' | 'call';
  /** Answer to a POST on getReport, getSentRcd and getBalance. @default 405 */
  queryByPost: RefusalCode;
  /** Most ids in one getReport. @default 200 */
  maxMsgIds: number;
  /** Answer above that, or the ids above it are counted as `nofound`. @default -14 */
  tooManyMsgIds: RefusalCode | 'nofound';
  /** Answer to missing or empty `msgIds`, or an answer without messages. @default -14 */
  emptyMsgIds: RefusalCode | 'nofound';
  /** Answer to an id that is not the application's, or it is counted as `nofound`. @default 'nofound' */
  unknownMsgId: RefusalCode | 'nofound';
  /** Days that getReport and getSentRcd look back; the vendor says 90 to 120. @default 90 */
  reportDays: number;
  /** Whether `receiveTime` is the time of the outcome or of the acceptance. @default 'done' */
  receiveTime: 'done' | 'sent';
  /** `receiveTime` of a message still on its way. @default 'null' */
  pendingReceiveTime: 'null' | 'absent' | 'empty';
  /** Hours the vendor's local times are ahead of UTC: `receiveTime`, `reply_time`. @default 8 */
  utcOffset: number;
  /** `pricedetail` in getReport and getSentRcd; `settled` has the four settlement fields too, unless `currency` is USD. @default 'absent' */
  reportPriceDetail: 'absent' | 'plain' | 'settled';
  /** Of every `pricedetail`. @default 'EUR' */
  currency: string;
  /** Answer to a time of getSentRcd that is not ISO 8601 with its offset. @default -11 */
  badTime: RefusalCode;
  /** Days between the times of a getSentRcd or recordMo. @default 31 */
  maxSpanDays: number;
  /** Answer to a longer span, an end before its start, or a start too long ago: -25 or -11. @default -25 */
  badRange: RefusalCode;
  /** Which time of a message the times of getSentRcd are compared with. @default 'accepted' */
  sentTime: 'accepted' | 'done';
  /** Most messages in one getSentRcd. @default 50000 */
  sentPageSize: number;
  /** Decimals of `balance`, `gift` and `credit`, the rest cut off; `varying` as in the vendor's sample: 6, 5 and as few as it takes. @default 'varying' */
  balanceDecimals: number | 'varying';
  /** Whether getBalance tells `credit`. @default true */
  creditInBalance: boolean;
  /** `orderId` of a report push; `trailing-blank` has the key `"orderId "` of the vendor's sample. @default 'present' */
  pushOrderId: 'present' | 'trailing-blank' | 'absent';
  /** Whether a report push has `mcc` and `mnc`. @default false */
  pushNetwork: boolean;
  /** Type of `status` in a report push. @default 'int' */
  pushStatus: 'int' | 'text';
  /** `status` of a failed message in a report push; anything but 0. @default 1 */
  pushFailedStatus: number;
  /** Whether `timestamp` of a report push is the time of the acceptance or of the outcome. @default 'sent' */
  pushTimestamp: 'sent' | 'done';
  /** `pricedetail` of a report push. @default 'plain' */
  pushPriceDetail: 'absent' | 'plain' | 'settled';
  /** Key of the network code in an inbound push. @default 'mnc' */
  moNetworkKey: 'mnc' | 'mcn';
  /** Whether an inbound push has `msgid`. @default true */
  moMsgId: boolean;
  /** Milliseconds before a push is sent. @default 0 */
  pushDelay: number;
  /** Copies of each push; 0.25 is one copy of every fourth push. @default 0 */
  pushDuplicates: number;
  /** Order of the pushes that are due in the same moment, such as the reports of one call. @default 'as-finished' */
  pushOrder: 'as-finished' | 'reversed';
  /** Pushes under way at the same time; with more than one their order is not sure. @default 1 */
  pushesAtOnce: number;
  /** Whether reports are pushed, and answered, before the send is answered. @default false */
  pushOvertakesAnswer: boolean;
  /** Further attempts of a push that is not answered with HTTP 200; the vendor documents none. @default 0 */
  pushRetries: number;
  /** Milliseconds between them. @default 1000 */
  pushRetrySpacing: number;
  /** Milliseconds until a push without an answer has failed. @default 10000 */
  pushTimeout: number;
  /**
   * The last code the platform knows: -19, -28 or -32. Later codes that the checks would give are answered with their
   * predecessor (-31 as -2, -22 as -14, …). Codes you ask for by trigger, rule or script stay. @default -32
   */
  generation: -19 | -28 | -32;
}

export const defaultQuirks: Readonly<SandboxQuirks> = Object.freeze({
  timeTolerance: 1800,
  timeWindow: 'both',
  timeInclusive: true,
  signCase: 'any',
  checkOrder: Object.freeze(['key', 'ip', 'time', 'sign', 'parameters'] as const),
  missingHeaders: -1,
  malformedJson: -22,
  wrongContentType: -22,
  badParameter: -22,
  foreignAppId: -1,
  ipRefused: -2,
  wireTypes: 'strings',
  failureEnvelope: 'seen',
  failArray: 'on-failure',
  partialSuccess: 'status-zero',
  orderIdEcho: 'null',
  orderIdInFailArray: false,
  orderIdMismatch: -22,
  duplicateNumbers: 'keep',
  maxNumbersPost: 1000,
  maxNumbersGet: 100,
  tooManyNumbers: -7,
  maxContent: 1024,
  contentUnit: 'characters',
  maxSenderId: 32,
  longSenderId: -22,
  blankSenderId: 'none',
  looseNumbers: 'refuse',
  minDigits: 7,
  maxDigits: 15,
  spendable: 'balance',
  callsPerSecond: null,
  callsPerSecondAnswer: -15,
  messagesPerPhone: null,
  phonePeriod: 86_400,
  messagesPerPhoneAnswer: -28,
  errorHttpStatus: 200,
  batchNumberField: 'numbers',
  maxBatchEntries: null,
  maxBatchNumbers: 1000,
  maxEntryNumbers: 1000,
  batchRefusal: 'entry',
  queryByPost: 405,
  maxMsgIds: 200,
  tooManyMsgIds: -14,
  emptyMsgIds: -14,
  unknownMsgId: 'nofound',
  reportDays: 90,
  receiveTime: 'done',
  pendingReceiveTime: 'null',
  utcOffset: 8,
  reportPriceDetail: 'absent',
  currency: 'EUR',
  badTime: -11,
  maxSpanDays: 31,
  badRange: -25,
  sentTime: 'accepted',
  sentPageSize: 50_000,
  balanceDecimals: 'varying',
  creditInBalance: true,
  pushOrderId: 'present',
  pushNetwork: false,
  pushStatus: 'int',
  pushFailedStatus: 1,
  pushTimestamp: 'sent',
  pushPriceDetail: 'plain',
  moNetworkKey: 'mnc',
  moMsgId: true,
  pushDelay: 0,
  pushDuplicates: 0,
  pushOrder: 'as-finished',
  pushesAtOnce: 1,
  pushOvertakesAnswer: false,
  pushRetries: 0,
  pushRetrySpacing: 1000,
  pushTimeout: 10_000,
  generation: -32,
});
