import type { Recipient } from '../messages/recipients.js';

/** One content for its recipients, in our words. */
export interface OutgoingSms {
  readonly recipients: readonly Recipient[];
  readonly content: string;
  readonly senderId: string | undefined;
}

/** A content for each message, in one request. */
export interface OutgoingBatch {
  readonly messages: readonly OutgoingSms[];
  /** Of all messages, in their order. */
  readonly recipients: readonly Recipient[];
}

/** The JSON of a `POST sendSms`: the vendor's field names in the order of its sample, lists joined by commas. */
export function sendBody(appId: string, sms: OutgoingSms): string {
  return JSON.stringify({ appId, ...entry(sms) });
}

/** The JSON of a `POST sendSms/batch`: an entry for each content. */
export function batchBody(appId: string, messages: readonly OutgoingSms[]): string {
  return JSON.stringify({ appId, array: messages.map(entry) });
}

function entry({ recipients, content, senderId }: OutgoingSms) {
  const { numbers, orderIds } = joined(recipients);
  return { numbers, content, senderId, orderId: orderIds };
}

/** The query of a `GET sendSms`: values encoded once, the commas between numbers and between order ids left as they are. */
export function sendQuery(appId: string, { recipients, content, senderId }: OutgoingSms): string {
  const { numbers, orderIds } = joined(recipients);
  const sender = senderId === undefined ? '' : `&senderId=${encodeURIComponent(senderId)}`;
  const orders = encodeURIComponent(orderIds).replaceAll('%2C', ',');
  return `appId=${encodeURIComponent(appId)}&numbers=${numbers}&content=${encodeURIComponent(content)}${sender}&orderId=${orders}`;
}

function joined(recipients: readonly Recipient[]): { numbers: string; orderIds: string } {
  // Joined at once: texts that grow piece by piece are put together only when they are written, piece by piece.
  const numbers = recipients.map(({ number }) => number).join();
  const orderIds = recipients.map(({ orderId }) => orderId).join();
  return { numbers, orderIds };
}
