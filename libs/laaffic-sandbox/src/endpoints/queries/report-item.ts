import type { AcceptedMessage } from '../../history/records.js';
import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { toWireNumber, type ReportItem } from '../../protocol/envelope.js';
import { priceDetail } from '../../protocol/price-detail.js';
import type { Delivery } from '../../state/delivery/delivery.js';
import { isoTime } from '../../vendor/time.js';

/** @param status 0 delivered, -1 on its way, 1 or 2 failed. */
export function reportItem(
  message: AcceptedMessage,
  { doneAt }: Delivery,
  status: number,
  quirks: Readonly<SandboxQuirks>,
): ReportItem {
  const { msgId, number, price, segments } = message;
  const { reportPriceDetail } = quirks;
  return {
    msgId,
    number,
    ...receiveTimeField(message, doneAt, quirks),
    status: toWireNumber(status, quirks),
    ...(reportPriceDetail !== 'absent' && { pricedetail: priceDetail(price, segments, reportPriceDetail, quirks) }),
  };
}

function receiveTimeField(
  { at }: AcceptedMessage,
  doneAt: number | null,
  { receiveTime, pendingReceiveTime, utcOffsetHours }: Readonly<SandboxQuirks>,
): Pick<ReportItem, 'receiveTime'> {
  if (doneAt !== null) return { receiveTime: isoTime(receiveTime === 'done' ? doneAt : at, utcOffsetHours) };
  if (pendingReceiveTime === 'absent') return {};
  return { receiveTime: pendingReceiveTime === 'null' ? null : '' };
}
