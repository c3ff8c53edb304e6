import type { Resolved } from '../options/resolve-settings.js';
import { readAppId, readFields, wrongType, type Fields } from '../protocol/read-fields.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { SendRequest } from './send.request.js';
import { cut, isLonger } from './text-length.js';

export function readSendRequest(call: VendorCall, resolved: Resolved): SendRequest | Refusal {
  const { method, quirks } = call;
  const fields = readFields(call);
  if (fields instanceof Refusal) return fields;
  const appId = readAppId(fields, quirks, resolved);
  if (appId instanceof Refusal) return appId;

  const numbers = readNumbers(fields['numbers'], quirks);
  if (numbers instanceof Refusal) return numbers;
  const most = method === 'GET' ? quirks.maxNumbersGet : quirks.maxNumbersPost;
  if (numbers.length > most) {
    return new Refusal(quirks.tooManyNumbers, `${numbers.length} numbers, a ${method} takes ${most}`);
  }
  return readTexts(fields, appId, numbers, quirks);
}

/** What is sent to the numbers, and how it is labelled. */
export function readTexts(
  fields: Fields,
  appId: string,
  numbers: readonly string[],
  quirks: Readonly<SandboxQuirks>,
): SendRequest | Refusal {
  const content = readContent(fields['content'], quirks);
  if (content instanceof Refusal) return content;
  const senderId = readSenderId(fields['senderId'], quirks);
  if (senderId instanceof Refusal) return senderId;
  const orderIds = readOrderIds(fields['orderId'], numbers.length, quirks);
  if (orderIds instanceof Refusal) return orderIds;
  return { appId, numbers, orderIds, content, senderId };
}

export function readNumbers(sent: unknown, quirks: Readonly<SandboxQuirks>): readonly string[] | Refusal {
  if (sent === undefined || sent === null) return new Refusal(-8, 'numbers is missing');
  if (typeof sent !== 'string') return wrongType('numbers', quirks);
  return sent.trim() === '' ? new Refusal(-8, 'numbers is empty') : sent.split(',');
}

function readContent(sent: unknown, quirks: Readonly<SandboxQuirks>): string | Refusal {
  if (sent === undefined || sent === null) return new Refusal(-4, 'content is missing');
  if (typeof sent !== 'string') return wrongType('content', quirks);
  if (sent.trim() === '') return new Refusal(-4, 'content is empty');
  const { maxContent, contentUnit } = quirks;
  if (!isLonger(sent, maxContent, contentUnit)) return sent;
  return new Refusal(-5, `content is longer than ${maxContent} (${contentUnit})`);
}

function readSenderId(sent: unknown, quirks: Readonly<SandboxQuirks>): string | null | Refusal {
  if (sent === undefined || sent === null) return null;
  if (typeof sent !== 'string') return wrongType('senderId', quirks);
  if (sent.trim() === '') {
    return quirks.blankSenderId === 'none' ? null : new Refusal(quirks.blankSenderId, 'senderId is blank');
  }
  const { maxSenderId, longSenderId } = quirks;
  if (!isLonger(sent, maxSenderId, 'characters')) return sent;
  if (longSenderId === 'cut') return cut(sent, maxSenderId);
  return new Refusal(longSenderId, `senderId is longer than ${maxSenderId} characters`);
}

function readOrderIds(
  sent: unknown,
  count: number,
  quirks: Readonly<SandboxQuirks>,
): readonly (string | null)[] | null | Refusal {
  if (sent === undefined || sent === null || sent === '') return null;
  if (typeof sent !== 'string') return wrongType('orderId', quirks);
  const orderIds = sent.split(',');
  if (orderIds.length === count) return orderIds;
  const { orderIdMismatch } = quirks;
  if (orderIdMismatch === 'ignore') return null;
  if (orderIdMismatch === 'pad') return Array.from({ length: count }, (_, index) => orderIds[index] ?? null);
  return new Refusal(orderIdMismatch, `${orderIds.length} order ids for ${count} numbers`);
}
