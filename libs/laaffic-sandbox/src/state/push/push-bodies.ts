import type { AcceptedMessage, InboundMessage } from '../../history/records.js';
import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { priceDetail } from '../../protocol/price-detail.js';
import { zonelessTime } from '../../vendor/time.js';
import type { Delivery } from '../delivery/delivery.js';

type Body = Record<string, unknown>;

export function reportBody(message: AcceptedMessage, delivery: Delivery, quirks: Readonly<SandboxQuirks>): Body {
  const { appId, msgId, number, at, price, segments } = message;
  const status = delivery.state === 'delivered' ? 0 : quirks.pushFailedStatus;
  const { pushTimestamp, pushNetwork, pushPriceDetail } = quirks;
  return {
    appId,
    msgid: msgId,
    mobile: number,
    status: quirks.pushStatusType === 'number' ? status : String(status),
    reason: delivery.reason ?? '0',
    timestamp: pushTimestamp === 'accepted' ? at : (delivery.doneAt ?? at),
    ...orderIdField(message, quirks),
    ...(pushNetwork && { mcc: '404', mnc: '-1' }),
    ...(pushPriceDetail !== 'absent' && { pricedetail: priceDetail(price, segments, pushPriceDetail, quirks) }),
  };
}

function orderIdField({ orderId }: AcceptedMessage, { pushOrderId, orderIdEcho }: Readonly<SandboxQuirks>): Body {
  if (pushOrderId === 'absent' || (orderId === null && orderIdEcho === 'absent')) return {};
  const value = orderId ?? (orderIdEcho === 'null' ? null : '');
  return pushOrderId === 'present' ? { orderId: value } : { 'orderId ': value };
}

/** The network that every inbound message comes from. The vendor's sample has -1. */
export const INBOUND_MCC = 404;
export const INBOUND_MNC = -1;

export function inboundBody(message: InboundMessage, quirks: Readonly<SandboxQuirks>): Body {
  const { msgId, from, to, content, at } = message;
  return {
    ...(quirks.inboundMsgId && { msgid: msgId }),
    mobile: from,
    reply_time: zonelessTime(at, quirks.utcOffsetHours),
    content,
    ...(to !== '' && { sendid: to }),
    mcc: INBOUND_MCC,
    [quirks.inboundNetworkKey]: INBOUND_MNC,
    pricedetail: freeOfCharge(quirks),
  };
}

export function freeOfCharge(quirks: Readonly<SandboxQuirks>): ReturnType<typeof priceDetail> {
  return priceDetail('0.000000', 1, 'plain', quirks);
}
