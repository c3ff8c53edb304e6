import type { DeliveryReport } from '../../messages/delivery-report.js';
import type { InboundSms } from '../../messages/inbound-sms.js';
import { digitsOf, instant, isRecord, messageId, price, text, wholeNumber } from './values.js';

/**
 * Reads the body of a delivery-report push (vendor page "Push SMS report"), in every documented spelling: `msgid` or
 * `msgId`, `mobile` or `number`, `status` as a number or as text, `orderId` with or without a blank at the end of its
 * name. Status 0 is delivered, any other status is failed.
 * @returns `undefined` if it has no message id, no number or no status.
 */
export function readReportPush(body: unknown): DeliveryReport | undefined {
  if (!isRecord(body)) return undefined;
  const msgId = messageId(body);
  const number = digitsOf(body['mobile']) ?? digitsOf(body['number']);
  const status = wholeNumber(body['status']);
  if (msgId === undefined || number === undefined || status === undefined) return undefined;
  const orderId = text(body['orderId']) ?? text(body['orderId ']);
  const reason = text(body['reason']);
  const charged = price(body['pricedetail']);
  const [mcc, mnc] = [networkCode(body['mcc']), networkCode(body['mnc']) ?? networkCode(body['mcn'])];
  const appId = text(body['appId']);
  return {
    msgId,
    number,
    state: status === 0 ? 'delivered' : 'failed',
    ...(orderId === undefined ? {} : { orderId }),
    // The vendor's sample of a delivered message has the reason "0".
    ...(reason === undefined || reason === '0' ? {} : { reason }),
    at: instant(body['timestamp']),
    ...(charged === undefined ? {} : { price: charged }),
    ...(appId === undefined ? {} : { appId }),
    ...(mcc === undefined ? {} : { mcc }),
    ...(mnc === undefined ? {} : { mnc }),
  };
}

/**
 * Reads an inbound message. Pushes (vendor page "Push MO report") and queries (vendor page "recordMo") have different
 * names for sender, receiver and time. `mcc` and `mnc`, also misspelt `mcn`, are numbers or text; -1 means none.
 * @returns `undefined` if it has no sender or no content.
 */
export function readInboundPush(body: unknown): InboundSms | undefined {
  if (!isRecord(body)) return undefined;
  const from = digitsOf(body['mobile']) ?? digitsOf(body['number']);
  const { content } = body;
  if (from === undefined || typeof content !== 'string') return undefined;
  const fields = {
    to: text(body['sendid']) ?? text(body['sendId']),
    msgId: messageId(body),
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
