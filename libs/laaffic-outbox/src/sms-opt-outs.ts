import { Injectable } from '@nestjs/common';
import { invalidCommand, normalizeNumber, type Issue } from 'nestjs-laaffic';
import { checkText } from './messages/command-checks.js';
import { ALL_SENDERS } from './store/opt-out-list.js';
import { addOptOuts, endOptOut, findOptOuts, listOptOuts } from './sql/generated.js';
import type { OutboxStore } from './store/outbox-store.js';

/** A person who wants no messages. */
export interface OptOut {
  /** Digits with country code. */
  readonly number: string;
  /** The only sender that it is about. Missing if it is about all of them. */
  readonly senderId?: string;
  /** `reply` if the person wrote so. */
  readonly reason: string;
  readonly actor: string;
  readonly since: Date;
}

/** An opt-out, also one that has ended. */
export interface ListedOptOut extends OptOut {
  /** Missing while it is active. */
  readonly endedAt?: Date;
  readonly endedBy?: string;
  /** Where the new consent is written down. */
  readonly consent?: string;
}

/** Which opt-outs a call is about. */
export interface OptOutScope {
  /** Who decided: 1 to 255 characters. */
  readonly actor: string;
  /**
   * The only sender that it is about.
   * @default all senders of the account
   */
  readonly senderId?: string | undefined;
}

/** Which opt-outs to list. */
export interface OptOutFilter {
  readonly number?: string | undefined;
  /** Lists only opt-outs after this one, such as the last one of the previous page. */
  readonly after?: Pick<OptOut, 'number' | 'senderId'> | undefined;
  /**
   * At most 1,000.
   * @default 100
   */
  readonly limit?: number | undefined;
}

/** What an import has done. */
export interface ImportedOptOuts {
  readonly added: number;
  /** Opt-outs that were there before, also those that have ended: an import does not bring them back. */
  readonly known: number;
  /** The entries that are no phone numbers, by position from 0. At most 100. */
  readonly invalid: readonly number[];
  readonly invalidCount: number;
}

const MOST_CHECKED = 10_000;
const LARGEST_PAGE = 1_000;
const IMPORT_STEP = 5_000;
const MOST_INVALID = 100;

/**
 * The people who want no messages. One-time passwords reach them (`purpose: 'otp'`), nothing else does. What was claimed for
 * sending before the opt-out was stored may still arrive.
 * @example
 * await optOuts.add('+44 7400 123456', { reason: 'asked by phone', actor: 'alice' });
 */
@Injectable()
export class SmsOptOuts {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'callers'>) {}

  /**
   * Adds an opt-out, or lets one that has ended begin again.
   * @returns `false` if it was active before.
   * @throws {LaafficInputException} naming each wrong field.
   * @throws {OutboxError} a code of the database.
   */
  async add(number: string, { reason, actor, senderId }: OptOutScope & { readonly reason: string }): Promise<boolean> {
    const digits = checkedNumber(number, [...checkText('reason', reason), ...checkScope({ actor, senderId })]);
    const { account, callers } = this.store;
    const params = { account, numbers: [digits], sender: senderId ?? ALL_SENDERS, reason, actor, revives: true };
    const [row] = await callers.run(addOptOuts, params);
    return (row?.added.length ?? 0) > 0;
  }

  /**
   * Ends an opt-out, because the person wants messages again. It is not deleted.
   * @param options `consent`: where the new consent is written down.
   * @returns `false` if there was none.
   * @throws as {@link add}.
   */
  async end(
    number: string,
    { consent, actor, senderId }: OptOutScope & { readonly consent: string },
  ): Promise<boolean> {
    const digits = checkedNumber(number, [...checkText('consent', consent), ...checkScope({ actor, senderId })]);
    const { account, callers } = this.store;
    const params = { account, number: digits, sender: senderId ?? null, actor, consent };
    const [row] = await callers.run(endOptOut, params);
    return row?.changed === true;
  }

  /**
   * Returns the active opt-outs of numbers.
   * @param numbers up to 10,000.
   * @throws as {@link add}.
   */
  async check(numbers: readonly string[]): Promise<OptOut[]> {
    const digits = numbers.map((number) => normalizeNumber(number));
    const issues = digits.flatMap((each, index): Issue[] =>
      each === undefined ? [notANumber(`numbers[${index}]`)] : [],
    );
    if (numbers.length > MOST_CHECKED) issues.push({ field: 'numbers', problem: `must be at most ${MOST_CHECKED}` });
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, callers } = this.store;
    const rows = await callers.run(findOptOuts, { account, numbers: digits.map((each) => each ?? '') });
    return rows.map(shown);
  }

  /**
   * Lists opt-outs by number, also those that have ended.
   * @throws as {@link add}.
   */
  async list({ number, after, limit = 100 }: OptOutFilter = {}): Promise<ListedOptOut[]> {
    const issues: Issue[] = [];
    const digits = number === undefined ? undefined : normalizeNumber(number);
    if (number !== undefined && digits === undefined) issues.push(notANumber('number'));
    if (!Number.isInteger(limit) || limit < 1 || limit > LARGEST_PAGE) {
      issues.push({ field: 'limit', problem: `must be a whole number from 1 to ${LARGEST_PAGE}` });
    }
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, callers } = this.store;
    const place = { afterNumber: after?.number ?? '', afterSender: after?.senderId ?? '' };
    const rows = await callers.run(listOptOuts, { account, number: digits ?? null, ...place, limit });
    return rows.map((row) => ({
      ...shown(row),
      ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
      ...(row.ended_by === null ? {} : { endedBy: row.ended_by }),
      ...(row.consent === null ? {} : { consent: row.consent }),
    }));
  }

  /** All opt-outs, by number, also those that have ended. It reads page by page. */
  async *export(): AsyncGenerator<ListedOptOut, void, undefined> {
    for (let after: ListedOptOut | undefined; ;) {
      const page = await this.list({ after, limit: LARGEST_PAGE });
      yield* page;
      after = page.at(-1);
      if (page.length < LARGEST_PAGE) return;
    }
  }

  /**
   * Adds any number of opt-outs. It never ends one, and never brings one back that has ended.
   * @param numbers any iterable, which is read once and in constant memory.
   * @throws {LaafficInputException} naming each wrong option; nothing was read.
   * @throws {OutboxError} a code of the database. Numbers that were read before may be added; the same call adds the others.
   */
  async import(
    numbers: Iterable<string> | AsyncIterable<string>,
    { reason = 'import', actor, senderId }: OptOutScope & { readonly reason?: string | undefined },
  ): Promise<ImportedOptOuts> {
    const issues = [...checkText('reason', reason), ...checkScope({ actor, senderId })];
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, callers } = this.store;
    const scope = { account, sender: senderId ?? ALL_SENDERS, reason, actor, revives: false };
    let [added, known, position, invalidCount] = [0, 0, 0, 0];
    const invalid: number[] = [];
    let batch = new Set<string>();
    const store = async (): Promise<void> => {
      if (batch.size === 0) return;
      // In one order, so two imports at once do not wait for each other in a circle.
      const [row] = await callers.run(addOptOuts, { ...scope, numbers: [...batch].sort() });
      const count = row?.added.length ?? 0;
      added += count;
      known += batch.size - count;
      batch = new Set();
    };
    for await (const number of numbers) {
      const digits = typeof number === 'string' ? normalizeNumber(number) : undefined;
      if (digits === undefined) {
        invalidCount++;
        if (invalid.length < MOST_INVALID) invalid.push(position);
      } else if (batch.has(digits)) known++;
      else batch.add(digits);
      position++;
      if (batch.size === IMPORT_STEP) await store();
    }
    await store();
    return { added, known, invalid, invalidCount };
  }
}

function checkedNumber(number: unknown, issues: readonly Issue[]): string {
  const digits = typeof number === 'string' ? normalizeNumber(number) : undefined;
  const all = [...(digits === undefined ? [notANumber('number')] : []), ...issues];
  if (digits === undefined || all.length > 0) throw invalidCommand(all);
  return digits;
}

function notANumber(field: string): Issue {
  return { field, problem: 'must be a phone number with country code' };
}

function checkScope({ actor, senderId }: OptOutScope): Issue[] {
  return [...checkText('actor', actor), ...(senderId === undefined ? [] : checkText('senderId', senderId))];
}

function shown(row: {
  readonly number: string;
  readonly sender: string;
  readonly reason: string;
  readonly actor: string;
  readonly since: Date;
}): OptOut {
  const { number, sender, reason, actor, since } = row;
  return { number, ...(sender === ALL_SENDERS ? {} : { senderId: sender }), reason, actor, since };
}
