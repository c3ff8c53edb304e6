import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { priceDetail } from '../protocol/price-detail.js';
import { zonelessTime } from '../protocol/vendor-time.js';
import type { InboundMessage } from '../ledger/inbound.message.js';

/** The network every inbound message is said to come from; the vendor's sample has -1. */
export const mcc = 404;
export const mnc = -1;

export function inboundBody(message: InboundMessage, quirks: Readonly<SandboxQuirks>): Record<string, unknown> {
  const { msgId, from, to, content, at } = message;
  return {
    ...(quirks.moMsgId && { msgid: msgId }),
    mobile: from,
    reply_time: zonelessTime(at, quirks.utcOffset),
    content,
    ...(to !== '' && { sendid: to }),
    mcc,
    [quirks.moNetworkKey]: mnc,
    pricedetail: freeOfCharge(quirks),
  };
}

export function freeOfCharge(quirks: Readonly<SandboxQuirks>): ReturnType<typeof priceDetail> {
  return priceDetail('0.000000', 1, 'plain', quirks);
}
