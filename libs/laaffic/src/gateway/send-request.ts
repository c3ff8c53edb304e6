import type { Recipient } from '../messages/recipients.js';

/** What `sendSms` takes, in our words. */
export interface OutgoingSms {
  readonly appId: string;
  readonly recipients: readonly Recipient[];
  readonly content: string;
  readonly senderId: string | undefined;
}

/** The JSON of a `POST sendSms`: the vendor's field names in the order of its sample, lists joined by commas. */
export function sendBody(sms: OutgoingSms): string {
  const { numbers, orderIds } = joined(sms.recipients);
  return JSON.stringify({
    appId: sms.appId,
    numbers,
    content: sms.content,
    senderId: sms.senderId,
    orderId: orderIds,
  });
}

/** The query of a `GET sendSms`: values encoded once, the commas between numbers and between order ids left as they are. */
export function sendQuery(sms: OutgoingSms): string {
  const { numbers, orderIds } = joined(sms.recipients);
  const sender = sms.senderId === undefined ? '' : `&senderId=${encodeURIComponent(sms.senderId)}`;
  const orders = encodeURIComponent(orderIds).replaceAll('%2C', ',');
  return `appId=${encodeURIComponent(sms.appId)}&numbers=${numbers}&content=${encodeURIComponent(sms.content)}${sender}&orderId=${orders}`;
}

function joined(recipients: readonly Recipient[]): { numbers: string; orderIds: string } {
  let numbers = '';
  let orderIds = '';
  for (const { number, orderId } of recipients) {
    numbers += numbers === '' ? number : `,${number}`;
    orderIds += orderIds === '' ? orderId : `,${orderId}`;
  }
  return { numbers, orderIds };
}
