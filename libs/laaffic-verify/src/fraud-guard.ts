import { Injectable } from '@nestjs/common';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { maskNumber } from 'nestjs-laaffic';
import type { Observable } from 'rxjs';
import { VerificationKeys } from './codes/verification-keys.js';
import { VerificationError } from './errors/verification.error.js';
import type { Decisions } from './guard/decisions.js';
import type { GuardAlarm } from './guard/guard-alarm.js';
import type {
  BlockedRange,
  GuardStore,
  ListedEntry,
  NewEntry,
  OperatorChange,
  StoredDecision,
  Verdict,
} from './guard/guard-store.js';
import { capStatusOf, countryStatusOf, type CapStatus, type CountryStatus } from './guard/guard-status.js';
import type { GuardPlan } from './guard/guard.js';
import { isCountry, readPhoneNumber } from './numbers/phone-number.js';
import type { VerifySettings } from './options/verify.settings.js';
import { actorProblem, limitProblem, timeProblem, untilProblem, verdictProblem } from './request-rules.js';

/** What the guard sees now. */
export interface GuardStatus {
  /** In alphabetical order. Countries without starts and messages are left out. */
  readonly countries: readonly CountryStatus[];
  /** The caps that have a limit. */
  readonly caps: readonly CapStatus[];
  /**
   * Ranges of numbers that are blocked, at most 1000: `+447400123xxx`. A blocked source is `source` and a digest of its
   * address.
   */
  readonly blockedRanges: readonly BlockedRange[];
  /** The alarms that are on. */
  readonly alarms: readonly GuardAlarm[];
}

/** Who changes the list, and for how long. */
export interface ListOptions {
  /** Who it is, such as the name of an operator: 1 to 200 characters. It is kept with the change. */
  readonly actor: string;
  /** When the entry ends. @default never */
  readonly until?: Date | undefined;
}

/** Selects decisions. */
export interface DecisionQuery {
  /** Only later ones. */
  readonly since: Date;
  /** The rule, such as `range`. @default all */
  readonly rule?: string | undefined;
  /** The country of the numbers, and of a national `number`. @default all */
  readonly country?: string | undefined;
  /** A phone number as people write it. @default all */
  readonly number?: string | undefined;
  /** How many, at most: 1 to 10000. @default 1000 */
  readonly limit?: number | undefined;
}

/** What a release has changed. */
export interface ReleasedRange {
  /** Whether it was on the list. */
  readonly wasListed: boolean;
  /** The ranges that were blocked. */
  readonly ranges: readonly string[];
}

const DEFAULT_LIMIT = 1_000;
const RANGE = /^\+[1-9]\d{1,14}$/;
/** One step of a release of a country. */
const MOST_BLOCKED = 1_000;

/**
 * The guard against SMS pumping, for operators: shows what it sees and decides, and changes its list of numbers, ranges and
 * countries. Changes reach all processes within a second. It never returns a phone number.
 *
 * The list decides before suspicion does. The longest range of a number decides, and the country if there is none. A number
 * that is denied itself stays denied, and so does an allowed number of a denied range. What is denied gets no messages, also
 * if its number was verified before. What is allowed is not suspicious, but limits and caps hold.
 * @example
 * await guard.block('+447400123xxx', { actor: 'Ada', until: tomorrow });
 * await guard.setVerdict('+44 7400 123456', 'allow', { actor: 'Ada' });
 */
@Injectable()
export class FraudGuard {
  readonly #keys: VerificationKeys;
  readonly #plan: GuardPlan;

  /** @param onChange is called after each change of the list. */
  constructor(
    private readonly store: GuardStore,
    { keys, numbers, expectedPerDay, guard }: VerifySettings,
    private readonly decisions: Decisions,
    private readonly now: () => number = Date.now,
    private readonly onChange: () => void = () => undefined,
  ) {
    this.#keys = new VerificationKeys(keys);
    this.#plan = { countries: numbers.countries, expectedPerDay, caps: guard.caps, prices: guard };
  }

  /** Emits alarms that this process was the first to raise, about a second later. A subscriber must not throw. */
  get alarmEvents(): Observable<GuardAlarm> {
    return this.decisions.newAlarms;
  }

  /**
   * Returns what the guard sees: traffic, budgets and caps of all processes, blocked ranges, and the alarms that are on.
   * @throws {OutboxError} a code of the database.
   */
  async getStatus(): Promise<GuardStatus> {
    await this.decisions.flush();
    const traffic = await this.store.readTraffic();
    const learned = await this.store.readLearned();
    return {
      countries: countryStatusOf(this.#plan, traffic, learned, await this.store.readCharges()),
      caps: capStatusOf(this.#plan, traffic),
      blockedRanges: await this.store.findBlockedRanges(),
      alarms: await this.store.findAlarms(undefined),
    };
  }

  /**
   * Denies all numbers of a range or a country.
   * @param target the beginning of the numbers, such as `+447400123` or `+447400123xxx`, or a country, such as `GB`.
   * @throws {VerificationError} `VERIFY_INVALID_REQUEST` naming the field; nothing was changed.
   * @throws {OutboxError} a code of the database.
   */
  async block(target: string, options: ListOptions): Promise<void> {
    await this.#list({ ...entryOf(target), ...this.#checked(options), verdict: 'deny' });
  }

  /**
   * Allows all numbers of a range or a country: suspicion does not stop them.
   * @param target as for {@link block}.
   * @throws as {@link block}.
   */
  async allow(target: string, options: ListOptions): Promise<void> {
    await this.#list({ ...entryOf(target), ...this.#checked(options), verdict: 'allow' });
  }

  /**
   * Takes a range or a country off the list, and ends the blocks of its ranges, which are then scored anew. The block of a
   * larger range stays: `+44740012xxxx` is not a part of `+447400123`.
   * @param target as for {@link block}.
   * @throws as {@link block}.
   */
  async release(target: string, { actor }: Pick<ListOptions, 'actor'>): Promise<ReleasedRange> {
    const { kind, keys, label } = entryOf(target);
    const wasListed = await this.store.unlist({ kind, keys, label, ...this.#checked({ actor }) });
    const [key = ''] = keys;
    const ranges = kind === 'country' ? await this.#releaseCountry(key) : await this.store.releaseRanges(key);
    this.onChange();
    return { wasListed, ranges };
  }

  /**
   * Allows or denies a number, for all tenants. The list has a digest of it.
   * @param number as people write it: international, or national with `country`.
   * @param verdict `allow`: suspicion does not stop it. `deny`: it gets no messages. `undefined`: takes it off the list.
   * @throws {VerificationError} `VERIFY_INVALID_NUMBER`, or as {@link block}.
   */
  async setVerdict(
    number: string,
    verdict: Verdict | undefined,
    { country, ...options }: ListOptions & { readonly country?: string | undefined },
  ): Promise<void> {
    const e164 = e164Of(number, country);
    check('verdict', verdictProblem(verdict));
    const keys = this.#keys.numberKeysOf(e164).map((key) => key.toString('hex'));
    const { actor, until } = this.#checked(options);
    const entry = { kind: 'number' as const, keys, label: maskNumber(e164), actor };
    if (verdict === undefined) await this.store.unlist(entry);
    else await this.#list({ ...entry, verdict, until });
  }

  /**
   * Finds what rules have rejected, or would have rejected in shadow, the last one first. Equal decisions of about a second
   * are one, with a `count`. In an attack with many numbers they are also one for many numbers, and `number` does not find it.
   * @throws {VerificationError} `VERIFY_INVALID_NUMBER`, or as {@link block}.
   */
  async findDecisions({
    since,
    rule,
    country,
    number,
    limit = DEFAULT_LIMIT,
  }: DecisionQuery): Promise<readonly StoredDecision[]> {
    check('since', timeProblem(since));
    check('limit', limitProblem(limit));
    if (country !== undefined && !isCountry(country)) throw invalid('country', 'must be the ISO code of a country');
    const numberKeys = number === undefined ? undefined : this.#keys.numberKeysOf(e164Of(number, country));
    await this.decisions.flush();
    return this.store.findDecisions({ since, rule, country, numberKeys, limit });
  }

  /**
   * Finds alarms, the last one first, at most 1000.
   * @param query `since`: those that were on at a later time. @default those that are on now
   * @throws as {@link block}.
   */
  async findAlarms({ since }: { readonly since?: Date | undefined } = {}): Promise<readonly GuardAlarm[]> {
    if (since !== undefined) check('since', timeProblem(since));
    await this.decisions.flush();
    return this.store.findAlarms(since);
  }

  /** Returns the list: what operators allow and deny now, the last one first, at most 1000. Numbers are masked. */
  findListed(): Promise<readonly ListedEntry[]> {
    return this.store.findListed();
  }

  /**
   * Finds who has changed the list, the last one first, at most 1000. Changes are kept for a year.
   * @throws as {@link block}.
   */
  async findChanges({ since }: { readonly since?: Date | undefined } = {}): Promise<readonly OperatorChange[]> {
    if (since !== undefined) check('since', timeProblem(since));
    return this.store.findChanges(since);
  }

  async #list(entry: NewEntry): Promise<void> {
    await this.store.list(entry);
    this.onChange();
  }

  #checked({ actor, until }: ListOptions): Required<ListOptions> {
    check('actor', actorProblem(actor));
    if (until !== undefined) check('until', untilProblem(until, this.now()));
    return { actor, until };
  }

  async #releaseCountry(country: string): Promise<readonly string[]> {
    const released: string[] = [];
    for (;;) {
      const blocked = await this.store.findBlockedRanges();
      const own = blocked.filter(({ range }) => countryOf(range) === country);
      for (const { range } of own) released.push(...(await this.store.releaseRanges(range)));
      if (own.length === 0 || blocked.length < MOST_BLOCKED) return released;
    }
  }
}

/** @throws {VerificationError} if it is neither a beginning of numbers nor a country. */
function entryOf(target: string): Pick<NewEntry, 'kind' | 'keys' | 'label'> {
  if (isCountry(target)) return { kind: 'country', keys: [target], label: target };
  const [, written = '', more = ''] = /^([^x]*)(x*)$/.exec(typeof target === 'string' ? target : '') ?? [];
  const prefix = written.replaceAll(/[\s().-]/g, '');
  if (!RANGE.test(prefix)) {
    throw invalid('target', 'must be the first digits of numbers, such as +447400123, or a country, such as GB');
  }
  // It would be stored in clear.
  if (more === '' && !('problem' in readPhoneNumber(prefix))) {
    throw invalid(
      'target',
      'must not be a whole number: write a range as +447400123xxx, and use setVerdict for a number',
    );
  }
  return { kind: 'prefix', keys: [prefix], label: prefix };
}

/** The country of most numbers of a range. */
function countryOf(range: string): string | undefined {
  if (!range.startsWith('+')) return undefined;
  for (const digit of '0123456789') {
    const country = parsePhoneNumberFromString(range.replaceAll('x', digit))?.country;
    if (country !== undefined) return country;
  }
  return undefined;
}

function e164Of(number: string, country: string | undefined): string {
  const read = readPhoneNumber(number, country);
  if (!('problem' in read)) return read.e164;
  throw new VerificationError('VERIFY_INVALID_NUMBER', `${read.field} ${read.problem}`, { field: read.field });
}

function check(field: string, problem: string | undefined): void {
  if (problem !== undefined) throw invalid(field, problem);
}

function invalid(field: string, problem: string): VerificationError {
  return new VerificationError('VERIFY_INVALID_REQUEST', `${field} ${problem}`, { field });
}
