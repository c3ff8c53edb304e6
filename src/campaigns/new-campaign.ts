import { invalidCommand, type Issue } from 'nestjs-laaffic';
import type { NewCampaign } from 'nestjs-laaffic-outbox';
import { readMoment } from '../http/moment.js';
import { strayFields } from '../http/recipient-fields.js';

/** A campaign without its recipients; what is left to check is checked by the outbox. */
export type CampaignHead = Omit<NewCampaign, 'recipients' | 'idempotencyKey' | 'actor'>;

const FIELDS = ['name', 'content', 'senderId', 'sendAt', 'priority', 'duplicates'] as const;

/**
 * Reads a campaign from a JSON body, beside which the query has nothing to say.
 * @throws {LaafficInputException}
 */
export function readJsonCampaign(body: unknown, query: Readonly<Record<string, unknown>>): NewCampaign {
  const fields = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const { recipients } = fields;
  const isList = Array.isArray(recipients) && recipients.length > 0;
  const issues = [
    ...(isList
      ? strayFields('recipients', recipients)
      : [{ field: 'recipients', problem: 'must be a list of at least one recipient' }]),
    ...Object.keys(query).map((field) => ({
      field,
      problem: 'must be in the body, if that is JSON, not in the query',
    })),
  ];
  const head = readHead(fields, [...FIELDS, 'recipients'], issues);
  return { ...head, recipients: recipients as NewCampaign['recipients'] & readonly unknown[] };
}

/**
 * Reads a campaign, all but its recipients, from a query string.
 * @throws {LaafficInputException}
 */
export function readQueryCampaign(query: Readonly<Record<string, unknown>>): CampaignHead {
  const { priority } = query;
  const isWhole = typeof priority === 'string' && /^-?\d{1,10}$/.test(priority);
  return readHead({ ...query, ...(isWhole ? { priority: Number(priority) } : {}) }, FIELDS, []);
}

/** A field that is not known may be one that is misspelt, and then everything would be sent otherwise than meant. */
function readHead(
  fields: Readonly<Record<string, unknown>>,
  known: readonly string[],
  found: readonly Issue[],
): CampaignHead {
  const sendAt = readSendAt(fields.sendAt);
  const issues = [
    ...Object.keys(fields)
      .filter((field) => !known.includes(field))
      .map((field) => ({ field, problem: `is no field of a campaign; known are ${known.join(', ')}` })),
    ...(typeof sendAt === 'object' && 'problem' in sendAt ? [sendAt] : []),
    ...found,
  ];
  if (issues.length > 0) throw invalidCommand(issues);
  const { name, content, senderId, priority, duplicates } = fields;
  return {
    name: name as string,
    content: content as string,
    senderId: senderId as string | undefined,
    sendAt: sendAt as Date | 'now' | undefined,
    priority: (priority ?? undefined) as number | undefined,
    duplicates: (duplicates ?? undefined) as 'keep' | 'refuse' | undefined,
  };
}

function readSendAt(value: unknown): Date | 'now' | Issue | undefined {
  if (value === undefined || value === null) return undefined;
  return value === 'now' ? value : readMoment('sendAt', value);
}
