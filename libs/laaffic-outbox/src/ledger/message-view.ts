import { givenUp } from './given-up.js';
import type { Lane } from '../options/outbox.options.js';
import { chunkColumns, recipientsOf, type ChunkRow, type OutboxRecipient } from './chunk-recipients.js';
import type { Ledger } from './outbox-ledger.js';
import { placeOf } from './order-place.js';
import { isRowId } from './row-id.js';

/** A message in the outbox. */
export interface OutboxMessage {
  readonly id: string;
  readonly campaignId?: string;
  readonly lane: Lane;
  readonly createdAt: Date;
  /** When it is to be sent, or was first allowed to be. */
  readonly dueAt: Date;
  /** How often it was begun to be sent; more than once only where nothing was sent before. */
  readonly attempts: number;
  readonly recipients: readonly OutboxRecipient[];
}

interface MessageRow extends ChunkRow {
  readonly campaign_id: string | null;
  readonly lane: Lane;
  readonly created_at: Date;
  readonly due_at: Date;
}

/** Reads single messages. */
export class MessageView {
  readonly #select: string;

  constructor(private readonly ledger: Ledger) {
    const s = ledger.database.schema;
    this.#select = `select ${chunkColumns(s)}, c.campaign_id::text as campaign_id, c.lane, c.created_at, c.due_at
      from ${s}.chunk c where c.account = $1`;
  }

  async find(id: string): Promise<OutboxMessage | undefined> {
    if (!isRowId(id)) return undefined;
    return this.#read(id, await this.#rows('(c.id = $2 or c.root = $2)', id));
  }

  async findByOrderId(orderId: string): Promise<OutboxMessage | undefined> {
    const place = placeOf(orderId, this.ledger.prefix);
    if (place !== undefined) return this.#findRoot('c.id = $2', place.chunkId);
    if (orderId === '' || /[,\0]/.test(orderId)) return undefined;
    const s = this.ledger.database.schema;
    return this.#findRoot(`c.id in (select o.chunk_id from ${s}.own_order_ids o where o.ids @> array[$2])`, orderId);
  }

  /** @returns whether anything of it was pending. */
  async cancel(id: string, by: string): Promise<boolean> {
    if (!isRowId(id)) return false;
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query(
      `with moved as (
        update ${s}.chunk set ${givenUp(s)}
        where account = $1 and (id = $2 or root = $2) and campaign_id is null and state = 'pending' returning *
      ), told as (select ${s}.tell_outcome(m) from moved m)
      insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by)
        select account, campaign_id, id, attempt, state::text, $3 from moved, (select count(*) from told) t returning 1`,
      [this.ledger.account, id, by],
    );
    return rows.length > 0;
  }

  async #rows(condition: string, value: string): Promise<MessageRow[]> {
    const { rows } = await this.ledger.database.query<MessageRow & Record<string, unknown>>(
      `${this.#select} and ${condition} order by c.id`,
      [this.ledger.account, value],
    );
    return rows;
  }

  /** The whole message, of a chunk that was divided too. */
  async #findRoot(condition: string, value: string): Promise<OutboxMessage | undefined> {
    const { rows } = await this.ledger.database.query<{ root: string }>(
      `select coalesce(c.root, c.id)::text as root from ${this.ledger.database.schema}.chunk c
        where c.account = $1 and ${condition} order by c.id limit 1`,
      [this.ledger.account, value],
    );
    const [first] = rows;
    return first === undefined ? undefined : this.find(first.root);
  }

  #read(id: string, rows: readonly MessageRow[]): OutboxMessage | undefined {
    const [first] = rows;
    if (first === undefined) return undefined;
    const recipients = rows.flatMap((row) => recipientsOf(row, this.ledger.prefix));
    return {
      id,
      ...(first.campaign_id === null ? {} : { campaignId: first.campaign_id }),
      lane: first.lane,
      createdAt: first.created_at,
      dueAt: first.due_at,
      attempts: Math.max(...rows.map(({ attempt }) => attempt)),
      recipients: recipients.sort((a, b) => a.position - b.position),
    };
  }
}
