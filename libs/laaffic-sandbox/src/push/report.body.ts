import type { Delivery } from '../delivery/delivery.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { priceDetail } from '../protocol/price-detail.js';

type Body = Record<string, unknown>;

export function reportBody(message: AcceptedMessage, delivery: Delivery, quirks: Readonly<SandboxQuirks>): Body {
  const { appId, msgId, number, at, price, segments } = message;
  const status = delivery.state === 'delivered' ? 0 : quirks.pushFailedStatus;
  const { pushTimestamp, pushNetwork, pushPriceDetail } = quirks;
  return {
    appId,
    msgid: msgId,
    mobile: number,
    status: quirks.pushStatus === 'int' ? status : String(status),
    reason: delivery.reason ?? '0',
    timestamp: pushTimestamp === 'sent' ? at : (delivery.doneAt ?? at),
    ...orderId(message, quirks),
    ...(pushNetwork && { mcc: '404', mnc: '-1' }),
    ...(pushPriceDetail !== 'absent' && { pricedetail: priceDetail(price, segments, pushPriceDetail, quirks) }),
  };
}

function orderId({ orderId: sent }: AcceptedMessage, { pushOrderId, orderIdEcho }: Readonly<SandboxQuirks>): Body {
  if (pushOrderId === 'absent' || (sent === null && orderIdEcho === 'absent')) return {};
  const value = sent ?? (orderIdEcho === 'null' ? null : '');
  return pushOrderId === 'present' ? { orderId: value } : { 'orderId ': value };
}
