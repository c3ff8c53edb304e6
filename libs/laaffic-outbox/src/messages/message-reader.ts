import type { Database } from '../database/database.js';
import type { Lane, UnconfirmedAction } from '../options/outbox.options.js';
import { findDecidedMessages, findMessage, findMessageByOrderId, findMessageOfChunk } from '../sql/generated.js';
import { isRowId, placeOf } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { present, recipientsOf, type ChunkRow, type OutboxRecipient } from '../store/recipients.js';

/** A message in the outbox. */
export interface OutboxMessage {
  readonly id: string;
  readonly campaignId?: string;
  /** The caller's own reference; missing after the retention period. */
  readonly reference?: string;
  readonly lane: Lane;
  /** Its own choice; missing if its campaign, or the module's option for the lane, decides. */
  readonly onUnconfirmed?: UnconfirmedAction;
  /** Whether its text is, or was, stored sealed. Missing if not. */
  readonly sealed?: boolean;
  readonly createdAt: Date;
  /** When it is due, or was due first. */
  readonly dueAt: Date;
  /** Number of send attempts. More than one only if no earlier attempt sent anything. */
  readonly attempts: number;
  readonly recipients: readonly OutboxRecipient[];
}

interface MessageRow extends ChunkRow {
  readonly campaign_id: string | null;
  readonly reference: string | null;
  readonly lane: Lane;
  readonly on_unconfirmed: UnconfirmedAction | null;
  readonly created_at: Date;
  readonly due_at: Date;
  readonly seal_key_id: string | null;
}

/** Reads single messages. */
export class MessageReader {
  /** @param database the one for calls of this kind. */
  constructor(
    private readonly store: Pick<OutboxStore, 'account' | 'prefix'>,
    private readonly database: Database,
  ) {}

  async find(id: string): Promise<OutboxMessage | undefined> {
    if (!isRowId(id)) return undefined;
    return this.#read(id, await this.database.run(findMessage, { account: this.store.account, id }));
  }

  /** Returns, by id, the messages of this list with nothing pending or being sent. One statement for all. */
  async findDecided(ids: readonly string[]): Promise<Map<string, OutboxMessage>> {
    const rows = await this.database.run(findDecidedMessages, { account: this.store.account, ids });
    const byMessage = new Map<string, MessageRow[]>();
    for (const row of rows) {
      const parts = byMessage.get(row.message_id);
      if (parts === undefined) byMessage.set(row.message_id, [row]);
      else parts.push(row);
    }
    return new Map(
      [...byMessage].flatMap(([id, parts]) => {
        const message = this.#read(id, parts);
        return message === undefined ? [] : [[id, message]];
      }),
    );
  }

  /** Returns the whole message, even if the order id belongs to a part of it. */
  async findByOrderId(orderId: string): Promise<OutboxMessage | undefined> {
    const { account, prefix } = this.store;
    const place = placeOf(orderId, prefix);
    if (place === undefined && (orderId === '' || /[,\0]/.test(orderId))) return undefined;
    const [found] =
      place === undefined
        ? await this.database.run(findMessageByOrderId, { account, orderId })
        : await this.database.run(findMessageOfChunk, { account, chunkId: place.chunkId });
    return found === undefined ? undefined : this.find(found.message_id);
  }

  #read(id: string, rows: readonly MessageRow[]): OutboxMessage | undefined {
    const [first] = rows;
    if (first === undefined) return undefined;
    const recipients = rows.flatMap((row) => recipientsOf(row, this.store.prefix));
    return {
      id,
      ...present({ campaignId: first.campaign_id, reference: first.reference }),
      lane: first.lane,
      ...present({ onUnconfirmed: first.on_unconfirmed }),
      ...(first.seal_key_id === null ? {} : { sealed: true }),
      createdAt: first.created_at,
      dueAt: first.due_at,
      attempts: Math.max(...rows.map(({ attempt }) => attempt)),
      recipients: recipients.sort((a, b) => a.position - b.position),
    };
  }
}
