import { invalidCommand, readSendCommand, type Issue } from 'nestjs-laaffic';
import {
  checkDate,
  checkKey,
  checkText,
  checkNotOver,
  checkStorable,
  checkUnconfirmedAction,
} from '../messages/command-checks.js';
import { fingerprintOf } from '../messages/message-fingerprint.js';
import type { UnconfirmedAction } from '../options/outbox.options.js';
import type { CampaignSource } from './campaign.js';

/** A checked campaign. */
export interface CheckedCampaign {
  readonly name: string;
  readonly content: string;
  readonly senderId: string | undefined;
  readonly source: CampaignSource;
  readonly idempotencyKey: string | undefined;
  readonly sendAt: Date | 'now' | undefined;
  /** The problem if the campaign should have started long ago. It does not matter if the campaign is already stored. */
  readonly overdue: readonly Issue[];
  readonly priority: number;
  readonly duplicates: 'keep' | 'reject';
  readonly onUnconfirmed: UnconfirmedAction | undefined;
  readonly actor: string;
  /** Identifies the campaign, without its recipients, among calls with the same key. */
  readonly fingerprint: string;
}

const LARGEST_PRIORITY = 2 ** 31 - 1;
/** Completes content and sender to a command, so the checks of a message apply. */
const SOME_NUMBER = '1000000';

/**
 * Checks a campaign.
 * @param now milliseconds since the epoch.
 * @throws {LaafficInputException} naming each wrong field.
 */
export function readCampaign(campaign: unknown, now: number): CheckedCampaign {
  const fields = (campaign ?? {}) as Record<string, unknown>;
  const { name, content, senderId, recipients, idempotencyKey, sendAt } = fields;
  const { priority = 0, duplicates = 'keep', onUnconfirmed, actor = 'app' } = fields;
  const read = readSendCommand({ to: SOME_NUMBER, content, senderId }, 1, () => '');
  const issues: Issue[] = [
    ...checkText('name', name),
    ...('issues' in read
      ? read.issues
      : [...checkStorable('content', read.sms.content), ...checkStorable('senderId', read.sms.senderId)]),
    ...(isSource(recipients) ? [] : [{ field: 'recipients', problem: 'must be an iterable of recipients' }]),
    ...checkKey(idempotencyKey),
    ...checkText('actor', actor),
    ...(sendAt === 'now' ? [] : checkDate('sendAt', sendAt)),
    ...(isPriority(priority) ? [] : [{ field: 'priority', problem: 'must be a whole number' }]),
    ...(isPolicy(duplicates) ? [] : [{ field: 'duplicates', problem: 'must be keep or reject' }]),
    ...checkUnconfirmedAction(onUnconfirmed),
  ];
  if ('issues' in read || issues.length > 0 || !isPolicy(duplicates)) throw invalidCommand(issues);
  const checked = {
    name: name as string,
    content: read.sms.content,
    senderId: read.sms.senderId,
    duplicates,
    priority: priority as number,
    onUnconfirmed: onUnconfirmed as UnconfirmedAction | undefined,
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
      ...(checked.onUnconfirmed === undefined ? [] : [`onUnconfirmed ${checked.onUnconfirmed}`]),
    ]),
  };
}

/** A string is iterable too, but its characters are not recipients. */
function isSource(source: unknown): boolean {
  if (typeof source !== 'object' || source === null) return false;
  return Symbol.iterator in source || Symbol.asyncIterator in source;
}

function isPriority(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= LARGEST_PRIORITY;
}

function isPolicy(value: unknown): value is 'keep' | 'reject' {
  return value === 'keep' || value === 'reject';
}
