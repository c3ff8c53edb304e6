import type { ResolvedSettings } from '../../options/resolve-settings.js';
import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { readAppId, readFields, wrongType, type Fields } from '../../protocol/read-fields.js';
import type { VendorCall } from '../../protocol/vendor-call.js';
import { Rejection } from '../../vendor/rejection.js';

/** One content for some numbers. The parameters are checked, but the numbers are not yet. */
export interface SendRequest {
  readonly appId: string;
  readonly numbers: readonly string[];
  /** One for each number, or `undefined` if the request has none. */
  readonly orderIds: readonly (string | null)[] | undefined;
  readonly content: string;
  readonly senderId: string | null;
}

/** A batch entry with invalid parameters. It does not affect the other entries. */
export interface RejectedEntry {
  readonly numbers: readonly string[];
  readonly orderIds: undefined;
  readonly rejection: Rejection;
}

export function readSendRequest(call: VendorCall, resolved: ResolvedSettings): SendRequest | Rejection {
  const { method, quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Rejection) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Rejection) return appId;

  const numbers = readNumbers(fields['numbers'], quirks);
  if (numbers instanceof Rejection) return numbers;
  const max = method === 'GET' ? quirks.maxNumbersPerGet : quirks.maxNumbersPerPost;
  if (numbers.length > max) {
    return new Rejection(quirks.tooManyNumbers, `${numbers.length} numbers, a ${method} takes ${max}`);
  }
  return readTexts(fields, appId, numbers, quirks);
}

/** Reads the content, the sender ID and the order ids. */
export function readTexts(
  fields: Fields,
  appId: string,
  numbers: readonly string[],
  quirks: Readonly<SandboxQuirks>,
): SendRequest | Rejection {
  const content = readContent(fields['content'], quirks);
  if (content instanceof Rejection) return content;
  const senderId = readSenderId(fields['senderId'], quirks);
  if (senderId instanceof Rejection) return senderId;
  const orderIds = readOrderIds(fields['orderId'], numbers.length, quirks);
  if (orderIds instanceof Rejection) return orderIds;
  return { appId, numbers, orderIds, content, senderId };
}

export function readNumbers(sent: unknown, quirks: Readonly<SandboxQuirks>): readonly string[] | Rejection {
  if (isAbsent(sent)) return new Rejection(-8, 'numbers is missing');
  if (typeof sent !== 'string') return wrongType('numbers', quirks);
  return sent.trim() === '' ? new Rejection(-8, 'numbers is empty') : sent.split(',');
}

function readContent(sent: unknown, quirks: Readonly<SandboxQuirks>): string | Rejection {
  if (isAbsent(sent)) return new Rejection(-4, 'content is missing');
  if (typeof sent !== 'string') return wrongType('content', quirks);
  if (sent.trim() === '') return new Rejection(-4, 'content is empty');
  const { maxContentLength, contentLengthUnit } = quirks;
  if (!isLonger(sent, maxContentLength, contentLengthUnit)) return sent;
  return new Rejection(-5, `content is longer than ${maxContentLength} (${contentLengthUnit})`);
}

function readSenderId(sent: unknown, quirks: Readonly<SandboxQuirks>): string | null | Rejection {
  if (isAbsent(sent)) return null;
  if (typeof sent !== 'string') return wrongType('senderId', quirks);
  if (sent.trim() === '') {
    return quirks.blankSenderId === 'ignore' ? null : new Rejection(quirks.blankSenderId, 'senderId is blank');
  }
  const { maxSenderIdLength, longSenderId } = quirks;
  if (!isLonger(sent, maxSenderIdLength, 'characters')) return sent;
  if (longSenderId === 'truncate') return truncate(sent, maxSenderIdLength);
  return new Rejection(longSenderId, `senderId is longer than ${maxSenderIdLength} characters`);
}

function readOrderIds(
  sent: unknown,
  count: number,
  quirks: Readonly<SandboxQuirks>,
): SendRequest['orderIds'] | Rejection {
  if (isAbsent(sent) || sent === '') return undefined;
  if (typeof sent !== 'string') return wrongType('orderId', quirks);
  const orderIds = sent.split(',');
  if (orderIds.length === count) return orderIds;
  const { orderIdMismatch } = quirks;
  if (orderIdMismatch === 'ignore') return undefined;
  if (orderIdMismatch === 'pad') return Array.from({ length: count }, (_, index) => orderIds[index] ?? null);
  return new Rejection(orderIdMismatch, `${orderIds.length} order ids for ${count} numbers`);
}

function isAbsent(sent: unknown): sent is null | undefined {
  return sent === undefined || sent === null;
}

function isLonger(text: string, max: number, unit: SandboxQuirks['contentLengthUnit']): boolean {
  // A text has no more code points than UTF-16 units.
  if (unit !== 'bytes' && text.length <= max) return false;
  if (unit === 'utf16') return true;
  if (unit === 'bytes') return Buffer.byteLength(text) > max;
  return countCodePoints(text, max + 1) > max;
}

/** Keeps the first `max` characters. */
function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  return Array.from(text.slice(0, max * 2))
    .slice(0, max)
    .join('');
}

function countCodePoints(text: string, enough: number): number {
  let count = 0;
  for (let index = 0; index < text.length && count < enough; count += 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return count;
}
