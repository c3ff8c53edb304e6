import type { DeliveryReport } from 'nestjs-laaffic';
import { readCharge } from './charge.js';
import type { Report } from './report-store.js';

/** A recipient that the gateway may have accepted, without a message id so far. */
export interface OpenRecipient {
  readonly chunkId: string;
  readonly attempt: number;
  readonly slot: number;
  readonly number: string;
  /** When its request started, by the database's clock. */
  readonly sentAt: Date;
  /** Whether its response may still arrive. Then no evidence is needed. */
  readonly isSending: boolean;
}

/** A sent record that may belong to a recipient. */
export type SentRecord = DeliveryReport & {
  readonly number: string;
  readonly at: Date;
  readonly state: 'delivered' | 'failed' | 'sending' | 'unknown';
};

/** How far the gateway's clock may be behind that of the database, in milliseconds. */
export const CLOCK_TOLERANCE = 60_000;

/**
 * Matches records with recipients, number by number. The records of a number prove something only if there is one for
 * each open recipient with this number. Otherwise it is unknown to which recipient they belong.
 * @param records one for each message, none with an id that is known here.
 */
export function matchRecords(recipients: readonly OpenRecipient[], records: readonly SentRecord[]): Report[] {
  const found = byNumber(records);
  return [...byNumber(recipients)].flatMap(
    ([number, open]) => assign(oldestFirst(open), oldestRecordFirst(found.get(number) ?? [])) ?? [],
  );
}

function assign(open: readonly OpenRecipient[], records: readonly SentRecord[]): Report[] | undefined {
  const reports: Report[] = [];
  let next = 0;
  for (const { chunkId, attempt, slot, sentAt, isSending } of open) {
    const earliest = sentAt.getTime() - CLOCK_TOLERANCE;
    while ((records[next]?.at.getTime() ?? Infinity) < earliest) next++;
    const record = records[next++];
    if (record === undefined) return undefined;
    if (isSending) continue;
    const { msgId, number, at } = record;
    const state = record.state === 'delivered' || record.state === 'failed' ? record.state : 'accepted';
    const place = { chunkId, attempt, slot };
    const charge = readCharge(record);
    reports.push({ msgId, orderId: undefined, number, state, reason: undefined, gatewayTime: at, place, charge });
  }
  return reports;
}

function byNumber<T extends { readonly number: string }>(list: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const group = groups.get(item.number);
    if (group === undefined) groups.set(item.number, [item]);
    else group.push(item);
  }
  return groups;
}

function oldestFirst(open: readonly OpenRecipient[]): OpenRecipient[] {
  return [...open].sort((a, b) => a.sentAt.getTime() - b.sentAt.getTime());
}

function oldestRecordFirst(records: readonly SentRecord[]): SentRecord[] {
  return [...records].sort((a, b) => a.at.getTime() - b.at.getTime());
}
