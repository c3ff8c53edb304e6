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
  generation: -32,
});
