import type { Resolved } from '../options/resolve-settings.js';
import { isRecord } from '../options/record.checks.js';
import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { Refusal } from '../protocol/refusal.js';
import type { VendorCall } from '../protocol/vendor.call.js';
import type { SendRequest } from './send.request.js';
import { cut, isLonger } from './text-length.js';

export function readSendRequest(call: VendorCall, { appIds }: Resolved): SendRequest | Refusal {
  const { fields, quirks } = call;
  const contentType = String(call.headers['content-type']);
  if (quirks.wrongContentType !== 'accept' && !/^\s*application\/json\s*(;|$)/i.test(contentType)) {
    return new Refusal(quirks.wrongContentType, `Content-Type is ${contentType}`);
  }
  if (!isRecord(fields)) return new Refusal(quirks.malformedJson, 'the body is not a JSON object');

  const { appId } = fields;
  if (typeof appId !== 'string' || appId === '') return wrongType('appId', quirks);
  if (!appIds.has(appId)) return new Refusal(quirks.foreignAppId, `${appId} is not an application of the account`);

  const numbers = readNumbers(call, fields['numbers']);
  if (numbers instanceof Refusal) return numbers;
  const content = readContent(fields['content'], quirks);
  if (content instanceof Refusal) return content;
  const senderId = readSenderId(fields['senderId'], quirks);
  if (senderId instanceof Refusal) return senderId;
  const orderIds = readOrderIds(fields['orderId'], numbers.length, quirks);
  if (orderIds instanceof Refusal) return orderIds;
  return { appId, numbers, orderIds, content, senderId };
}

function wrongType(field: string, { badParameter }: SandboxQuirks): Refusal {
  return new Refusal(badParameter, `${field} must be a text, once`);
}

function readNumbers({ method, quirks }: VendorCall, sent: unknown): readonly string[] | Refusal {
  if (sent === undefined || sent === null) return new Refusal(-8, 'numbers is missing');
  if (typeof sent !== 'string') return wrongType('numbers', quirks);
  if (sent.trim() === '') return new Refusal(-8, 'numbers is empty');
  const numbers = sent.split(',');
  const most = method === 'GET' ? quirks.maxNumbersGet : quirks.maxNumbersPost;
  if (numbers.length <= most) return numbers;
  return new Refusal(quirks.tooManyNumbers, `${numbers.length} numbers, a ${method} takes ${most}`);
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
