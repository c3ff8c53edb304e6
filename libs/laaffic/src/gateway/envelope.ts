import { gatewayStatus, messageId, parseObject, records, text, wholeNumber } from './wire.js';

/** The gateway's answer to `sendSms`, in our words; nothing in it is trusted to be complete or consistent. */
export interface SendEnvelope {
  /** `undefined` where it is missing or none of the gateway's. */
  readonly status: number | undefined;
  /** Why the call was refused; not read where it was not. */
  readonly reason: string | undefined;
  /** How many numbers it says it accepted and refused. */
  readonly success: number | undefined;
  readonly fail: number | undefined;
  readonly accepted: readonly EnvelopeItem[];
  readonly refused: readonly EnvelopeItem[];
}

/** One number in the answer. */
export interface EnvelopeItem {
  readonly number: string | undefined;
  readonly orderId: string | undefined;
  readonly msgId: string | undefined;
  /** Why it was refused; not read of accepted numbers. */
  readonly reason: string | undefined;
}

/**
 * Reads the body of an answer. Status and counters come as text or as numbers, `orderId` as text,
 * `null`, empty or not at all, refused numbers in an undocumented `failArray` or not at all; HTTP
 * status is no part of it, for failures come with 200.
 * @param clean takes out of the gateway's words what must not get into errors and logs.
 * @returns `undefined` if the body is no JSON object, or one with neither a status of the gateway
 * nor accepted numbers.
 */
export function readSendEnvelope(body: string, clean: (words: string) => string): SendEnvelope | undefined {
  const json = parseObject(body);
  if (json === undefined) return undefined;
  const words = (value: unknown) => {
    const said = text(value);
    return said === undefined ? undefined : clean(said);
  };
  const item = (fields: Record<string, unknown>): EnvelopeItem => ({
    number: text(fields['number']),
    orderId: text(fields['orderId']),
    msgId: messageId(fields['msgId']),
    reason: undefined,
  });
  const accepted = records(json['array']).map(item);
  const status = gatewayStatus(json['status']);
  if (status === undefined && accepted.length === 0) return undefined;
  return {
    status,
    reason: status === 0 ? undefined : words(json['reason']),
    success: wholeNumber(json['success']),
    fail: wholeNumber(json['fail']),
    accepted,
    refused: records(json['failArray']).map((fields) => ({ ...item(fields), reason: words(fields['reason']) })),
  };
}
