import type { CountryTraffic, LearnedTraffic } from './country-traffic.js';
import type { GuardAlarm } from './guard-alarm.js';
import type { Charges } from './prices.js';

/** The recent traffic of a country. */
export interface TrafficReading extends CountryTraffic {
  readonly country: string;
  /** Messages, also to numbers that were verified before. */
  readonly messages: { readonly hour: number; readonly day: number };
  /** What they cost in a day. */
  readonly spentPerDay: number;
}

export interface LearnedReading extends LearnedTraffic {
  readonly country: string;
}

export type Verdict = 'allow' | 'deny';

/** A beginning of numbers, such as `+4474001`, or a country, such as `GB`. */
export interface ListedRange {
  readonly kind: 'prefix' | 'country';
  readonly key: string;
  readonly verdict: Verdict;
}

export type ListedKind = 'number' | 'prefix' | 'country';

/** What an operator has allowed or denied, as people see it. */
export interface ListedEntry {
  readonly kind: ListedKind;
  /** A masked number, a beginning of numbers, or a country. */
  readonly label: string;
  readonly verdict: Verdict;
  /** `undefined`: for good. */
  readonly until: Date | undefined;
  readonly actor: string;
  readonly listedAt: Date;
}

/** A new entry of the list. */
export interface NewEntry extends Omit<ListedEntry, 'listedAt'> {
  /** The keys that the entry may have, the current one first. That of a number is its digest, in hexadecimal. */
  readonly keys: readonly string[];
}

/** A change that an operator made to the list. */
export interface OperatorChange {
  readonly at: Date;
  readonly actor: string;
  readonly kind: ListedKind;
  readonly label: string;
  /** `undefined`: taken off the list. */
  readonly verdict: Verdict | undefined;
  readonly until: Date | undefined;
}

/** What a rule has rejected, or would have rejected in shadow. */
export interface Decision {
  readonly tenant: string;
  readonly purpose: string;
  readonly country: string;
  readonly rule: string;
  readonly isShadow: boolean;
  /** The digest of the number; `undefined` for many numbers. */
  readonly numberKey: Buffer | undefined;
  readonly count: number;
}

/** Something that operators have to know. */
export interface Alarm {
  readonly type: string;
  /** What it is about, such as a country. */
  readonly scope: string;
  readonly count: number;
}

/** What a rule has rejected, or would have rejected in shadow. */
export interface StoredDecision extends Omit<Decision, 'numberKey'> {
  readonly at: Date;
}

export interface DecisionFilter {
  readonly since: Date;
  readonly rule: string | undefined;
  readonly country: string | undefined;
  readonly numberKeys: readonly Buffer[] | undefined;
  readonly limit: number;
}

export interface BlockedRange {
  readonly range: string;
  readonly until: Date;
  /** How often it was blocked in a row. */
  readonly blocks: number;
}

/** What the guard knows and keeps. */
export interface GuardStore {
  readTraffic(): Promise<readonly TrafficReading[]>;
  readLearned(): Promise<readonly LearnedReading[]>;
  readListedRanges(): Promise<readonly ListedRange[]>;
  /** What was charged in the last 30 days, also for other messages of the account. */
  readCharges(): Promise<readonly Charges[]>;
  recordDecisions(decisions: readonly Decision[]): Promise<void>;
  /** Each type and scope once. Returns the alarms that are new. */
  raiseAlarms(alarms: readonly Alarm[]): Promise<readonly GuardAlarm[]>;
  findDecisions(filter: DecisionFilter): Promise<readonly StoredDecision[]>;
  /** Those that are not over, or that were raised after a time. */
  findAlarms(since: Date | undefined): Promise<readonly GuardAlarm[]>;
  /** Puts an entry on the list, in place of the one before. */
  list(entry: NewEntry): Promise<void>;
  /** Takes an entry off the list. `false` if it was not on it. */
  unlist(entry: Pick<NewEntry, 'kind' | 'keys' | 'label' | 'actor'>): Promise<boolean>;
  findListed(): Promise<readonly ListedEntry[]>;
  /** All changes of the list, or those after a time, the last one first. */
  findChanges(since: Date | undefined): Promise<readonly OperatorChange[]>;
  findBlockedRanges(): Promise<readonly BlockedRange[]>;
  /** Ends the blocks of all ranges that begin with a text. Returns them. */
  releaseRanges(prefix: string): Promise<readonly string[]>;
}
