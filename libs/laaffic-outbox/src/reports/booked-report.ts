import type { DeliveryReport } from 'nestjs-laaffic';
import { placeOf } from '../ledger/order-place.js';
import type { BookedReport } from '../ledger/report-book.js';

const LAST_MOMENT = Date.UTC(9999, 11, 31);

/**
 * Converts a report for the ledger, without characters that PostgreSQL cannot store.
 * @param prefix the prefix of the order ids of the ledger.
 * @returns `undefined` if the report is useless: a message that is not found may still be queued.
 */
export function bookedReport(report: DeliveryReport, prefix: string): BookedReport | undefined {
  const { state, msgId, orderId, number, reason, at } = report;
  if (state === 'not-found') return undefined;
  // Order ids are stored joined by commas.
  const id = orderId === undefined || /[,\0]/.test(orderId) ? undefined : orderId;
  return {
    msgId: clean(msgId),
    orderId: id,
    number,
    // In both states the platform knows the message.
    state: state === 'sending' || state === 'unknown' ? 'accepted' : state,
    reason: state === 'failed' && reason !== undefined ? clean(reason) : undefined,
    gatewayTime: at !== undefined && at.getTime() >= 0 && at.getTime() < LAST_MOMENT ? at : undefined,
    place: id === undefined ? undefined : placeOf(id, prefix),
  };
}

function clean(words: string): string {
  return words.replaceAll('\0', '');
}
