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
  /** The caller's own reference; missing after the retention period. */
  readonly reference?: string;
  readonly lane: Lane;
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
  readonly created_at: Date;
  readonly due_at: Date;
}

/** Reads single messages. */
export class MessageView {
  readonly #columns: string;

  constructor(private readonly ledger: Ledger) {
    this.#columns = `${chunkColumns(ledger.database.schema)}, c.campaign_id::text as campaign_id, c.reference, c.lane, c.created_at, c.due_at`;
  }

  async find(id: string): Promise<OutboxMessage | undefined> {
    if (!isRowId(id)) return undefined;
    return this.#read(id, await this.#rows('(c.id = $2 or c.root = $2)', id));
  }

  /** Returns, by id, the messages of this list with nothing pending or being sent. One statement for all. */
  async findDecided(ids: readonly string[]): Promise<Map<string, OutboxMessage>> {
    const s = this.ledger.database.schema;
    // A lateral join looks each message up by index, even if the table's statistics are outdated.
    const { rows } = await this.ledger.database.query<MessageRow & { root: string } & Record<string, unknown>>(
      `with decided as (
        select w.id from unnest($2::bigint[]) w (id)
        where not exists (select from ${s}.chunk c where c.id = w.id and c.state in ('pending', 'sending'))
          and not exists (select from ${s}.chunk c where c.root = w.id and c.state in ('pending', 'sending'))
      )
      select ${this.#columns}, d.id::text as root from decided d cross join lateral (
        select * from ${s}.chunk where id = d.id union all select * from ${s}.chunk where root = d.id
      ) c where c.account = $1 order by d.id, c.id`,
      [this.ledger.account, ids],
    );
    const byRoot = new Map<string, MessageRow[]>();
    for (const row of rows) {
      const parts = byRoot.get(row.root);
      if (parts === undefined) byRoot.set(row.root, [row]);
      else parts.push(row);
    }
    return new Map(
      [...byRoot].flatMap(([id, parts]) => {
        const message = this.#read(id, parts);
        return message === undefined ? [] : [[id, message]];
      }),
    );
  }

  async findByOrderId(orderId: string): Promise<OutboxMessage | undefined> {
    const place = placeOf(orderId, this.ledger.prefix);
    if (place !== undefined) return this.#findRoot('c.id = $2', place.chunkId);
    if (orderId === '' || /[,\0]/.test(orderId)) return undefined;
    const s = this.ledger.database.schema;
    return this.#findRoot(`c.id in (select o.chunk_id from ${s}.own_order_ids o where o.ids @> array[$2])`, orderId);
  }

  /** @returns whether any part of it was pending. */
  async cancel(id: string, by: string): Promise<boolean> {
    if (!isRowId(id)) return false;
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query(
      `with moved as (
        update ${s}.chunk set ${givenUp(s)}
        where account = $1 and (id = $2 or root = $2) and campaign_id is null and state = 'pending' returning *
      ), told as (select ${s}.tell_outcome(m), ${s}.record_chunk(m) from moved m)
      insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by)
        select account, campaign_id, id, attempt, state::text, $3 from moved, (select count(*) from told) t returning 1`,
      [this.ledger.account, id, by],
    );
    return rows.length > 0;
  }

  async #rows(condition: string, value: string): Promise<MessageRow[]> {
    const { rows } = await this.ledger.database.query<MessageRow & Record<string, unknown>>(
      `select ${this.#columns} from ${this.ledger.database.schema}.chunk c
        where c.account = $1 and ${condition} order by c.id`,
      [this.ledger.account, value],
    );
    return rows;
  }

  /** Returns the whole message, even if the chunk was split from another. */
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
      ...(first.reference === null ? {} : { reference: first.reference }),
      lane: first.lane,
      createdAt: first.created_at,
      dueAt: first.due_at,
      attempts: Math.max(...rows.map(({ attempt }) => attempt)),
      recipients: recipients.sort((a, b) => a.position - b.position),
    };
  }
}
