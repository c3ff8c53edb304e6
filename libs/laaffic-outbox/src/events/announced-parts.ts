import { chunkColumns, recipientsOf, type ChunkRow } from '../ledger/chunk-recipients.js';
import type { OutboxLedger } from '../ledger/outbox-ledger.js';
import type { Lane } from '../options/outbox.options.js';
import type { OutboxPart } from './outbox-events.js';

/** What there is to tell of a chunk: of one that was divided or cancelled meanwhile, nothing. */
export interface AnnouncedPart {
  readonly settled?: OutboxPart;
  readonly held?: OutboxPart;
}

interface Row extends ChunkRow, Record<string, unknown> {
  readonly root: string;
  readonly campaign_id: string | null;
  readonly lane: Lane;
}

const DECIDED: ReadonlySet<string> = new Set(['settled', 'refused', 'abandoned']);

/** Reads chunks as handlers get them. */
export class AnnouncedParts {
  readonly #select: string;

  constructor(private readonly ledger: OutboxLedger) {
    const s = ledger.database.schema;
    this.#select = `select ${chunkColumns(s)}, case when c.campaign_id is null then coalesce(c.root, c.id) else c.id end::text as root,
      c.campaign_id::text as campaign_id, c.lane from ${s}.chunk c where c.id = any ($1::bigint[])`;
  }

  /** By the ids of the chunks. */
  async read(ids: readonly string[]): Promise<Map<string, AnnouncedPart>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.ledger.database.query<Row>(this.#select, [ids]);
    return new Map(rows.map((row) => [row.id, this.#partOf(row)]));
  }

  #partOf(row: Row): AnnouncedPart {
    const recipients = recipientsOf(row, this.ledger.prefix);
    const held = recipients.filter(({ state }) => state === 'held');
    const part = {
      id: row.root,
      ...(row.campaign_id === null ? {} : { campaignId: row.campaign_id }),
      lane: row.lane,
    };
    return {
      ...(DECIDED.has(row.state) ? { settled: { ...part, recipients } } : {}),
      ...(held.length > 0 ? { held: { ...part, recipients: held } } : {}),
    };
  }
}
