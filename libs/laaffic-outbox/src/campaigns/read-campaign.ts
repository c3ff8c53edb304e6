import { invalidCommand, readSendCommand, type Issue } from 'nestjs-laaffic';
import { checkDate, checkKey, checkName, checkNotOver, checkStorable } from '../command-checks.js';
import { fingerprintOf } from '../ledger/fingerprint.js';
import type { CampaignSource } from './campaign.js';

/** A campaign that was checked. */
export interface CheckedCampaign {
  readonly name: string;
  readonly content: string;
  readonly senderId: string | undefined;
  readonly source: CampaignSource;
  readonly idempotencyKey: string | undefined;
  readonly sendAt: Date | 'now' | undefined;
  /** What is wrong with it unless it was stored before: it was to begin long ago. */
  readonly overdue: readonly Issue[];
  readonly priority: number;
  readonly duplicates: 'keep' | 'refuse';
  readonly actor: string;
  /** Tells whether the same key comes with the same campaign, its recipients aside. */
  readonly fingerprint: string;
}

const LARGEST_PRIORITY = 2 ** 31 - 1;
/** The content and the sender are checked as those of a message; this is the rest of one. */
const SOME_NUMBER = '1000000';

/**
 * @param now milliseconds since the epoch.
 * @throws {LaafficInputException} naming every field that is wrong.
 */
export function readCampaign(campaign: unknown, now: number): CheckedCampaign {
  const fields = (campaign ?? {}) as Record<string, unknown>;
  const { name, content, senderId, recipients, idempotencyKey, sendAt } = fields;
  const { priority = 0, duplicates = 'keep', actor = 'app' } = fields;
  const read = readSendCommand({ to: SOME_NUMBER, content, senderId }, 1, () => '');
  const issues: Issue[] = [
    ...checkName('name', name),
    ...('issues' in read
      ? read.issues
      : [...checkStorable('content', read.sms.content), ...checkStorable('senderId', read.sms.senderId)]),
    ...(isSource(recipients) ? [] : [{ field: 'recipients', problem: 'must be an iterable of recipients' }]),
    ...checkKey(idempotencyKey),
    ...checkName('actor', actor),
    ...(sendAt === 'now' ? [] : checkDate('sendAt', sendAt)),
    ...(isPriority(priority) ? [] : [{ field: 'priority', problem: 'must be a whole number' }]),
    ...(isPolicy(duplicates) ? [] : [{ field: 'duplicates', problem: 'must be keep or refuse' }]),
  ];
  if ('issues' in read || issues.length > 0 || !isPolicy(duplicates)) throw invalidCommand(issues);
  const checked = {
    name: name as string,
    content: read.sms.content,
    senderId: read.sms.senderId,
    duplicates,
    priority: priority as number,
  };
  const begin = sendAt as Date | 'now' | undefined;
  return {
    ...checked,
    source: recipients as CampaignSource,
    idempotencyKey: idempotencyKey as string | undefined,
    actor: actor as string,
    sendAt: begin instanceof Date && begin.getTime() <= now ? 'now' : begin,
    overdue: checkNotOver(begin, now),
    fingerprint: fingerprintOf([
      checked.name,
      checked.content,
      checked.senderId ?? '',
      duplicates,
      String(checked.priority),
      begin instanceof Date ? begin.toISOString() : (begin ?? ''),
    ]),
  };
}

/** A text is iterable too, but its characters are nobody's numbers. */
function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  return Symbol.iterator in source || Symbol.asyncIterator in source;
}

function isPriority(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= LARGEST_PRIORITY;
}

function isPolicy(value: unknown): value is 'keep' | 'refuse' {
  return value === 'keep' || value === 'refuse';
}
