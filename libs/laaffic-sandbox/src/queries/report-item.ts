import type { Delivery } from '../delivery/delivery.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { counted } from '../protocol/counted.js';
import { priceDetail } from '../protocol/price-detail.js';
import type { ReportItem } from '../protocol/vendor.envelope.js';
import { isoTime } from '../protocol/vendor-time.js';

/** @param status 0 delivered, -1 on its way, 1 or 2 failed */
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
    ...receiveTime(message, doneAt, quirks),
    status: counted(status, quirks),
    ...(reportPriceDetail !== 'absent' && { pricedetail: priceDetail(price, segments, reportPriceDetail, quirks) }),
  };
}

function receiveTime(
  { at }: AcceptedMessage,
  doneAt: number | null,
  { receiveTime, pendingReceiveTime, utcOffset }: Readonly<SandboxQuirks>,
): Pick<ReportItem, 'receiveTime'> {
  if (doneAt !== null) return { receiveTime: isoTime(receiveTime === 'done' ? doneAt : at, utcOffset) };
  if (pendingReceiveTime === 'absent') return {};
  return { receiveTime: pendingReceiveTime === 'null' ? null : '' };
}
