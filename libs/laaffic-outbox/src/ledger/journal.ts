import type { Ledger } from './outbox-ledger.js';

/** An event in the history of a message or campaign. Entries never change. */
export interface HistoryEntry {
  readonly at: Date;
  /** `sending`, `settled`, `refused`, `unknown`, `held`, `sent anew`, … */
  readonly event: string;
  /** A worker, `app`, or the `actor` of the call. */
  readonly actor: string;
  /** The recipients of one request; `undefined` if the entry concerns the whole campaign. */
  readonly chunkId: string | undefined;
  /** The number of the attempt, from 1. */
  readonly attempt: number | undefined;
  /** A code, or a number of recipients. */
  readonly detail: string | undefined;
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly actor: string;
  readonly chunk_id: string | null;
  readonly attempt: number | null;
  readonly detail: string | null;
}

/** Number of entries that one statement reads. */
const STEP = 1_000;

/** Reads the history: what happened, when, and who did it. */
export class Journal {
  constructor(private readonly ledger: Ledger) {}

  /** Includes the chunks that the message was split into. */
  ofMessage(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    const s = this.ledger.database.schema;
    return this.#read(
      `j.chunk_id in (select c.id from ${s}.chunk c
        where c.account = $1 and c.campaign_id is null and (c.id = $2::bigint or c.root = $2::bigint))`,
      id,
    );
  }

  ofCampaign(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    return this.#read('j.account = $1 and j.campaign_id = $2::bigint', id);
  }

  async *#read(condition: string, id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    const { database, account } = this.ledger;
    for (let last = '0'; ;) {
      const { rows } = await database.query<Row>(
        `select j.id::text as id, j.at, j.event, j.by as actor, j.chunk_id::text as chunk_id, j.attempt, j.detail
          from ${database.schema}.journal j where ${condition} and j.id > $3::bigint order by j.id limit ${STEP}`,
        [account, id, last],
      );
      for (const { at, event, actor, chunk_id, attempt, detail } of rows) {
        const chunk = { chunkId: chunk_id ?? undefined, attempt: attempt ?? undefined };
        yield { at, event, actor, ...chunk, detail: detail ?? undefined };
      }
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.id;
    }
  }
}
