import type { Recipient } from '../../messages/recipients.js';
import { gatewayStatus, messageId, parseObject, records, text, wholeNumber } from './values.js';

/** One content and its recipients. */
export interface OutgoingSms {
  readonly recipients: readonly Recipient[];
  readonly content: string;
  readonly senderId: string | undefined;
}

/** A content for each message, in one request. */
export interface OutgoingBatch {
  readonly messages: readonly OutgoingSms[];
  /** The recipients of all messages, in their order. */
  readonly recipients: readonly Recipient[];
}

/** The JSON of a `POST sendSms`: the vendor's field names in the order of its sample, lists joined by commas. */
export function sendBody(appId: string, { recipients, content, senderId }: OutgoingSms): string {
  const { numbers, orderIds } = joined(recipients);
  return JSON.stringify({ appId, numbers, content, senderId, orderId: orderIds });
}

/** The JSON of a `POST sendSms/batch`: an entry for each content. */
export function batchBody(appId: string, messages: readonly OutgoingSms[]): string {
  const array = messages.map(({ recipients, content, senderId }) => {
    const { numbers, orderIds } = joined(recipients);
    return { numbers, content, senderId, orderId: orderIds };
  });
  return JSON.stringify({ appId, array });
}

/** The query of a `GET sendSms`: values encoded once; the commas in the lists of numbers and order ids are not encoded. */
export function sendQuery(appId: string, { recipients, content, senderId }: OutgoingSms): string {
  const { numbers, orderIds } = joined(recipients);
  const sender = senderId === undefined ? '' : `&senderId=${encodeURIComponent(senderId)}`;
  const orders = encodeURIComponent(orderIds).replaceAll('%2C', ',');
  return `appId=${encodeURIComponent(appId)}&numbers=${numbers}&content=${encodeURIComponent(content)}${sender}&orderId=${orders}`;
}

function joined(recipients: readonly Recipient[]): { numbers: string; orderIds: string } {
  // `join` builds the whole text at once. A text that grows piece by piece is flattened only when it is written.
  const numbers = recipients.map(({ number }) => number).join();
  const orderIds = recipients.map(({ orderId }) => orderId).join();
  return { numbers, orderIds };
}

/** The gateway's response to `sendSms`, in our words. It may be incomplete or contradict itself. */
export interface SendEnvelope {
  /** `undefined` if it is missing or not a status of the gateway. */
  readonly status: number | undefined;
  /** Why the call was rejected; not read if it was not. */
  readonly reason: string | undefined;
  /** The numbers that the gateway counts as accepted and as rejected. */
  readonly success: number | undefined;
  readonly fail: number | undefined;
  readonly accepted: readonly EnvelopeItem[];
  readonly rejected: readonly EnvelopeItem[];
}

/** One number in the response. */
export interface EnvelopeItem {
  readonly number: string | undefined;
  readonly orderId: string | undefined;
  readonly msgId: string | undefined;
  /** Why it was rejected; not read for accepted numbers. */
  readonly reason: string | undefined;
}

/**
 * Reads the body of a response. Status and counters come as text or as numbers; `orderId` as text, `null`, empty or not
 * at all; rejected numbers in an undocumented `failArray` or not at all. The HTTP status says nothing: failures come with
 * 200.
 * @param redact removes from the gateway's text what must not get into errors and logs.
 * @returns `undefined` if the body is not a JSON object, or has neither a status of the gateway nor accepted numbers.
 */
export function readSendEnvelope(body: string, redact: (text: string) => string): SendEnvelope | undefined {
  const json = parseObject(body);
  if (json === undefined) return undefined;
  const redacted = (value: unknown) => {
    const given = text(value);
    return given === undefined ? undefined : redact(given);
  };
  const item = (fields: Record<string, unknown>): EnvelopeItem => ({
    number: text(fields['number']),
    orderId: text(fields['orderId']),
    msgId: messageId(fields),
    reason: undefined,
  });
  const accepted = records(json['array']).map(item);
  const status = gatewayStatus(json['status']);
  if (status === undefined && accepted.length === 0) return undefined;
  return {
    status,
    reason: status === 0 ? undefined : redacted(json['reason']),
    success: wholeNumber(json['success']),
    fail: wholeNumber(json['fail']),
    accepted,
    rejected: records(json['failArray']).map((fields) => ({ ...item(fields), reason: redacted(fields['reason']) })),
  };
}
