import { maskNumber } from 'nestjs-laaffic';
import { MessageReader, type OutboxMessage } from '../messages/message-reader.js';
import { inSchema } from '../database/database.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { present } from '../store/recipients.js';

/** A message in the outbox, with everything that the app gave. A campaign is not a message. */
export interface EnqueuedMessage extends OutboxMessage {
  /** Also of a sealed message, opened. Missing when it has been removed. */
  readonly content?: string;
  readonly senderId?: string;
  readonly sendBefore?: Date;
  readonly idempotencyKey?: string;
  readonly actor: string;
}

interface Row {
  readonly id: string;
  readonly content: string | null;
  readonly sealKeyId: string | null;
  readonly numbers: string | null;
  readonly senderId: string | null;
  readonly sendBefore: Date | null;
  readonly idempotencyKey: string | null;
  readonly actor: string | null;
}

const LIST = `select c.id, c.content, c.seal_key_id as "sealKeyId", c.numbers, c.sender_id as "senderId", c.expires_at as "sendBefore", c.created_by as actor,
    k.key as "idempotencyKey"
  from outbox.chunk c left join outbox.idempotency_key k on k.account = c.account and k.kind = 'message' and k.id = c.id
  where c.account = $1 and c.campaign_id is null and c.root_id is null order by c.id`;

/** Reads all messages of an account, in the order in which they were enqueued. */
export async function readEnqueued(store: OutboxStore): Promise<EnqueuedMessage[]> {
  const { account, database } = store;
  const { rows } = await database.pool.query<Row>(inSchema(LIST, database.schema), [account]);
  const reader = new MessageReader(store, store.readers);
  const messages = await Promise.all(
    rows.map(async ({ id, actor, content, sealKeyId, numbers, ...given }) => {
      const message = await reader.find(id);
      const isSealed = sealKeyId !== null && content !== null;
      const text = isSealed ? store.seals.open({ keyId: sealKeyId, content }, numbers?.split(',') ?? []) : content;
      const more = present({ ...given, content: text ?? null });
      return message === undefined ? [] : [{ ...message, ...more, actor: actor ?? '' }];
    }),
  );
  return messages.flat();
}

const MAX_LINES = 10;
const MAX_EXCERPT_LENGTH = 24;

/** Describes messages for a log that others may read: masked numbers, and only the beginning of contents. */
export function describeEnqueued(messages: readonly EnqueuedMessage[]): string {
  if (messages.length === 0) return 'nothing is enqueued';
  const lines = messages.slice(0, MAX_LINES).map((message, index) => `  ${index + 1}. ${describe(message)}`);
  const rest = messages.length > MAX_LINES ? [`  … and ${messages.length - MAX_LINES} more`] : [];
  return [
    `${messages.length === 1 ? '1 message is' : `${messages.length} messages are`} enqueued:`,
    ...lines,
    ...rest,
  ].join('\n');
}

function describe({ recipients, content, sealed, lane }: EnqueuedMessage): string {
  const [first] = recipients;
  const number = first?.number === undefined ? 'an erased number' : maskNumber(first.number);
  const more = recipients.length > 1 ? ` and ${recipients.length - 1} more` : '';
  const states = [...new Set(recipients.map(({ state }) => state))].join(' and ');
  const text =
    sealed === true ? 'a sealed text' : content === undefined ? 'an erased text' : JSON.stringify(excerpt(content));
  return `to ${number}${more}, ${lane}, ${states}: ${text}`;
}

function excerpt(content: string): string {
  const characters = Array.from(content.replace(/\d{7,}/g, maskNumber));
  return characters.length > MAX_EXCERPT_LENGTH
    ? `${characters.slice(0, MAX_EXCERPT_LENGTH).join('')}…`
    : characters.join('');
}
