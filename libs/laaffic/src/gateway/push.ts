import type { DeliveryReport } from '../messages/delivery-report.js';
import type { InboundSms } from '../messages/inbound-sms.js';
import { digitsOf, instant, isRecord, messageId, price, text, wholeNumber } from './wire.js';

/**
 * Reads the body of a delivery-report push (page "Push SMS report"). Every documented spelling is
 * taken: `msgid` or `msgId`, `mobile` or `number`, `status` as number or text, `orderId` with or
 * without a blank at the end of its name. 0 is delivered, anything else failed.
 * @returns `undefined` if it names no message or no status.
 */
export function readReportPush(body: unknown): DeliveryReport | undefined {
  if (!isRecord(body)) return undefined;
  const msgId = messageId(body['msgid'] ?? body['msgId']);
  const number = digitsOf(body['mobile']) ?? digitsOf(body['number']);
  const status = wholeNumber(body['status']);
  if (msgId === undefined || number === undefined || status === undefined) return undefined;
  const orderId = text(body['orderId']) ?? text(body['orderId ']);
  const reason = text(body['reason']);
  const charged = price(body['pricedetail']);
  return {
    msgId,
    number,
    state: status === 0 ? 'delivered' : 'failed',
    ...(orderId === undefined ? {} : { orderId }),
    // The vendor's sample of a delivered message has the reason "0".
    ...(reason === undefined || reason === '0' ? {} : { reason }),
    at: instant(body['timestamp']),
    ...(charged === undefined ? {} : { price: charged }),
  };
}

/**
 * Reads an inbound message, pushed (page "Push MO report") or pulled (page "recordMo"), which spell
 * sender, receiver and time differently; `mcc`, `mnc` or, misspelt, `mcn`, as number or text; -1 is none.
 * @returns `undefined` if it has no sender or no content.
 */
export function readInboundPush(body: unknown): InboundSms | undefined {
  if (!isRecord(body)) return undefined;
  const from = digitsOf(body['mobile']) ?? digitsOf(body['number']);
  const { content } = body;
  if (from === undefined || typeof content !== 'string') return undefined;
  const fields = {
    to: text(body['sendid']) ?? text(body['sendId']),
    msgId: messageId(body['msgid'] ?? body['msgId']),
    mcc: networkCode(body['mcc']),
    mnc: networkCode(body['mnc']) ?? networkCode(body['mcn']),
    operator: text(body['operator']),
    price: price(body['pricedetail']),
  };
  const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { from, content, at: instant(body['reply_time']) ?? instant(body['receiveTime']), ...known };
}

function networkCode(value: unknown): string | undefined {
  const code = text(value);
  return code === '-1' ? undefined : code;
}
