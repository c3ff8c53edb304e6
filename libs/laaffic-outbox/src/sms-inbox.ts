import { Injectable } from '@nestjs/common';
import { invalidCommand, normalizeNumber, type Issue } from 'nestjs-laaffic';
import { checkPage, checkText } from './messages/command-checks.js';
import { ALL_SENDERS } from './store/opt-out-list.js';
import { addOptOuts, findInbound, listInbound, reviewInbound, type ReplyType } from './sql/generated.js';
import { isRowId } from './store/order-ids.js';
import type { OutboxStore } from './store/outbox-store.js';

/** What a person has written. */
export interface InboxEntry {
  readonly id: string;
  /** Digits with country code. Missing once it is erased. */
  readonly from?: string;
  /** What it was sent to, as far as the platform says so. */
  readonly to?: string;
  /** Missing once it is erased. */
  readonly content?: string;
  /** `unclear`: a person has to read it. */
  readonly type: ReplyType;
  /** When it was written, according to the platform. */
  readonly at?: Date;
  readonly receivedAt: Date;
  /** Who has decided what an unclear one means. */
  readonly reviewedBy?: string;
}

/** Which entries to list. */
export interface InboxFilter {
  readonly type?: ReplyType | undefined;
  readonly number?: string | undefined;
  /** Lists only entries older than the one with this id. */
  readonly before?: string | undefined;
  /**
   * At most 1,000.
   * @default 50
   */
  readonly limit?: number | undefined;
}

const LARGEST_PAGE = 1_000;
const TYPES: readonly ReplyType[] = ['opt-out', 'opt-in', 'help', 'unclear', 'other'];

/**
 * What people have written to the account, once each.
 * @example
 * for (const { id, content } of await inbox.list({ type: 'unclear' })) console.log(id, content);
 */
@Injectable()
export class SmsInbox {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'callers'>) {}

  /**
   * Lists entries, newest first.
   * @throws {LaafficInputException} naming each wrong field.
   * @throws {OutboxError} a code of the database.
   */
  async list({ type, number, before, limit = 50 }: InboxFilter = {}): Promise<InboxEntry[]> {
    const issues: Issue[] = checkPage({ before, limit }, LARGEST_PAGE, 'an entry');
    const digits = number === undefined ? undefined : normalizeNumber(number);
    if (number !== undefined && digits === undefined) {
      issues.push({ field: 'number', problem: 'must be a phone number with country code' });
    }
    if (type !== undefined && !TYPES.includes(type)) {
      issues.push({ field: 'type', problem: `must be one of ${TYPES.join(', ')}` });
    }
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, callers } = this.store;
    const filter = { type: type ?? null, number: digits ?? null, before: before ?? null, limit };
    return (await callers.run(listInbound, { account, ...filter })).map(shown);
  }

  /** @returns the entry, or `undefined` if there is none with this id. */
  async find(id: string): Promise<InboxEntry | undefined> {
    if (!isRowId(id)) return undefined;
    const { account, callers } = this.store;
    const [row] = await callers.run(findInbound, { account, id });
    return row && shown(row);
  }

  /**
   * Decides what an unclear entry means. An opt-out takes effect at once.
   * @returns `false` if it is not unclear.
   * @throws {LaafficInputException} naming each wrong field.
   * @throws {OutboxError} a code of the database.
   */
  async review(id: string, type: 'opt-out' | 'other', { actor }: { readonly actor: string }): Promise<boolean> {
    const isType = ['opt-out', 'other'].includes(type);
    const issues = [
      ...checkText('actor', actor),
      ...(isType ? [] : [{ field: 'type', problem: 'must be opt-out or other' }]),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    if (!isRowId(id)) return false;
    const { account, callers } = this.store;
    return callers.transaction(async (transaction) => {
      const [row] = await callers.runIn(transaction, reviewInbound, { account, id, type, actor });
      if (row === undefined) return false;
      const optOut = { account, numbers: [row.number], sender: ALL_SENDERS, reason: 'reply', actor, revives: true };
      if (type === 'opt-out') await callers.runIn(transaction, addOptOuts, optOut);
      return true;
    });
  }
}

function shown(row: NonNullable<(typeof listInbound)['row']>): InboxEntry {
  const {
    id,
    number,
    receiver,
    content,
    type,
    gateway_time: at,
    received_at: receivedAt,
    reviewed_by: reviewedBy,
  } = row;
  return {
    id,
    ...(number === null ? {} : { from: number }),
    ...(receiver === null ? {} : { to: receiver }),
    ...(content === null ? {} : { content }),
    type,
    ...(at === null ? {} : { at }),
    receivedAt,
    ...(reviewedBy === null ? {} : { reviewedBy }),
  };
}
