import type { DeliveryReport } from 'nestjs-laaffic';
import { placeOf } from '../ledger/order-place.js';
import type { BookedReport } from '../ledger/report-book.js';

const LAST_MOMENT = Date.UTC(9999, 11, 31);

/**
 * A report as the ledger takes it, with nothing in it that PostgreSQL cannot hold.
 * @param prefix what the order ids of the ledger begin with.
 * @returns `undefined` if it says nothing: a message that is not found may be queued still.
 */
export function bookedReport(report: DeliveryReport, prefix: string): BookedReport | undefined {
  const { state, msgId, orderId, number, reason, at } = report;
  if (state === 'not-found') return undefined;
  // Order ids are kept joined by commas.
  const id = orderId === undefined || /[,\0]/.test(orderId) ? undefined : orderId;
  return {
    msgId: clean(msgId),
    orderId: id,
    number,
    state: state === 'sending' ? 'accepted' : state,
    reason: state === 'failed' && reason !== undefined ? clean(reason) : undefined,
    gatewayTime: at !== undefined && at.getTime() >= 0 && at.getTime() < LAST_MOMENT ? at : undefined,
    place: id === undefined ? undefined : placeOf(id, prefix),
  };
}

function clean(words: string): string {
  return words.replaceAll('\0', '');
}
