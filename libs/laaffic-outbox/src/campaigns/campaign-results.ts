import {
  chunkColumns,
  recipientsOf,
  type ChunkRow,
  type OutboxRecipient,
  type RecipientState,
} from '../ledger/chunk-recipients.js';
import type { Ledger } from '../ledger/outbox-ledger.js';
import { isRowId } from '../ledger/row-id.js';
import { notFound } from './campaign-control.js';

/** Filters the results of a campaign. */
export interface ResultsFilter {
  /** @default any state */
  readonly state?: RecipientState | undefined;
  /**
   * Returns only results after this position, such as the last one of the previous call.
   * @default from the beginning
   */
  readonly after?: number | undefined;
}

/** Number of source ranges that one statement reads. Unpacking them blocks the process. */
const STRETCHES = 1;

/** SQL conditions for chunks that may contain recipients in a state, about `chunk c` and `campaign k`. */
const PERHAPS_IN: Readonly<Record<RecipientState, string>> = {
  pending: `c.state = 'pending'`,
  sending: `c.state = 'sending'`,
  accepted: `(c.accepted > 0 or c.state in ('sending', 'unknown', 'held', 'abandoned'))`,
  delivered: `(c.accepted > 0 or c.state in ('sending', 'unknown', 'held', 'abandoned'))`,
  failed: `(c.accepted > 0 or c.state in ('sending', 'unknown', 'held', 'abandoned'))`,
  rejected: `(c.state = 'refused' or c.rejected > 0)`,
  invalid: `c.invalid > 0`,
  cancelled: `(c.state = 'cancelled' or c.state = 'pending' and k.state = 'cancelled')`,
  unknown: `(c.state = 'unknown' or c.unknown > 0)`,
  held: `(c.state = 'held' or c.unknown > 0)`,
  abandoned: `(c.state = 'abandoned' or c.unknown > 0)`,
};

/** Streams the results of the recipients of a campaign, in the order of its source. */
export class CampaignResults {
  constructor(private readonly ledger: Ledger) {}

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async *read(id: string, { state, after = -1 }: ResultsFilter): AsyncGenerator<OutboxRecipient, void, undefined> {
    const { stored, size } = await this.#sizeOf(id);
    const begin = Math.max(0, Math.floor((after + 1) / size) * size);
    // One statement reads all chunks of a range, however it was split. A recipient that moves between chunks at the
    // same time is neither missed nor returned twice.
    for (let first = begin; first < stored;) {
      const { rows, next } = await this.#page(id, first, size, state);
      const recipients = rows.flatMap((row) => this.#recipientsOf(row));
      recipients.sort((a, b) => a.position - b.position);
      for (const recipient of recipients) {
        if (recipient.position > after && (state === undefined || recipient.state === state)) yield recipient;
      }
      if (next === undefined) return;
      first = next;
    }
  }

  async #sizeOf(id: string): Promise<{ stored: number; size: number }> {
    if (!isRowId(id)) throw notFound(id);
    const { database, account } = this.ledger;
    const { rows } = await database.query<{ stored: string; size: number }>(
      `select stored::text as stored, chunk_size as size from ${database.schema}.campaign where id = $1 and account = $2`,
      [id, account],
    );
    const [row] = rows;
    if (row === undefined) throw notFound(id);
    return { stored: Number(row.stored), size: row.size };
  }

  /** @returns the next ranges with results, and where the ranges after them begin. */
  async #page(
    id: string,
    first: number,
    size: number,
    state: RecipientState | undefined,
  ): Promise<{ rows: (ChunkRow & { is_cancelled: boolean })[]; next: number | undefined }> {
    const s = this.ledger.database.schema;
    const condition = state === undefined ? 'true' : PERHAPS_IN[state];
    const { rows } = await this.ledger.database.query<ChunkRow & { is_cancelled: boolean } & Record<string, unknown>>(
      `with stretch as (
        select distinct c.first from ${s}.chunk c join ${s}.campaign k on k.id = c.campaign_id
        where c.campaign_id = $1 and c.first >= $2::bigint and ${condition} order by c.first limit ${STRETCHES}
      )
      select ${chunkColumns(s)}, c.state = 'pending' and k.state = 'cancelled' as is_cancelled
      from stretch t join ${s}.chunk c on c.campaign_id = $1 and c.first = t.first
        join ${s}.campaign k on k.id = c.campaign_id
      where ${condition} order by c.first, c.id`,
      [id, first],
    );
    const last = rows.at(-1);
    return { rows, next: last === undefined ? undefined : Number(last.first) + size };
  }

  #recipientsOf(row: ChunkRow & { is_cancelled: boolean }): OutboxRecipient[] {
    return recipientsOf(row.is_cancelled ? { ...row, state: 'cancelled' } : row, this.ledger.prefix);
  }
}
