import type { CampaignRecipient } from 'nestjs-laaffic-outbox';
import { hasStrayField } from '../../http/recipient-fields.js';
import { linesOf } from './lines.js';
import { cutCell } from './longest-row.js';
import { UploadError } from './upload.error.js';

/** What is no recipient, without what it holds: a thousand deep values wait for the outbox to refuse them. */
const NOBODY = Object.freeze([]) as never;

/**
 * The recipients of NDJSON, one a line: a number, or an object { number, orderId }. What is none is given too,
 * for the outbox to refuse it.
 * @throws {UploadError} if not even the first line is JSON.
 */
export async function* ndjsonRecipients(
  texts: AsyncIterable<string>,
): AsyncGenerator<CampaignRecipient, void, undefined> {
  let isFirst = true;
  for await (const { text, line } of linesOf(texts)) {
    const value = parsed(text);
    if (isFirst && value === undefined) throw new UploadError('it is no JSON: give one JSON value a line', line);
    isFirst = false;
    yield recipientOf(value, text, line);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function recipientOf(value: unknown, text: string, line: number): CampaignRecipient {
  const input = cutCell(text);
  if (value === undefined) return { problem: 'is no JSON', input, line };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { number: asText(value) as string, input, line };
  }
  const { number, orderId } = value as Record<string, unknown>;
  const id = asText(orderId) as string | undefined;
  // Nobody's: what is misspelt may be the order id.
  if (hasStrayField(value)) {
    return { problem: 'has a field that is not known: number, orderId', orderId: id, input, line };
  }
  return { number: asText(number) as string, orderId: id, line };
}

/** Numbers may be JSON's; beyond what is exact there they are no phone numbers. Anything else is the outbox's to refuse. */
function asText(value: unknown): unknown {
  if (typeof value === 'string') return cutCell(value);
  if (typeof value === 'object' && value !== null) return NOBODY;
  return typeof value === 'number' ? String(value) : value;
}
