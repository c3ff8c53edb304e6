import type { Ledger } from './outbox-ledger.js';

/** Something that happened to a message or a campaign. Entries are never changed. */
export interface JournalEntry {
  readonly at: Date;
  /** `sending`, `settled`, `refused`, `unknown`, `held`, `sent anew`, … */
  readonly event: string;
  /** A worker, `app`, or what a person gave as `by`. */
  readonly by: string;
  /** Recipients that go in one request; `undefined` where it is about the whole campaign. */
  readonly chunkId: string | undefined;
  /** How often the chunk had been sent, this time included. */
  readonly attempt: number | undefined;
  /** A code, or how many recipients it was. */
  readonly detail: string | undefined;
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly by: string;
  readonly chunk_id: string | null;
  readonly attempt: number | null;
  readonly detail: string | null;
}

/** So many entries are read at once. */
const STEP = 1_000;

/** Tells what happened, when, and by whom. */
export class Journal {
  constructor(private readonly ledger: Ledger) {}

  /** Of a message, and of what it was divided into. */
  ofMessage(id: string): AsyncGenerator<JournalEntry, void, undefined> {
    const s = this.ledger.database.schema;
    return this.#read(
      `j.chunk_id in (select c.id from ${s}.chunk c
        where c.account = $1 and c.campaign_id is null and (c.id = $2::bigint or c.root = $2::bigint))`,
      id,
    );
  }

  ofCampaign(id: string): AsyncGenerator<JournalEntry, void, undefined> {
    return this.#read('j.account = $1 and j.campaign_id = $2::bigint', id);
  }

  async *#read(condition: string, id: string): AsyncGenerator<JournalEntry, void, undefined> {
    const { database, account } = this.ledger;
    for (let last = '0'; ;) {
      const { rows } = await database.query<Row>(
        `select j.id::text as id, j.at, j.event, j.by, j.chunk_id::text as chunk_id, j.attempt, j.detail
          from ${database.schema}.journal j where ${condition} and j.id > $3::bigint order by j.id limit ${STEP}`,
        [account, id, last],
      );
      for (const { at, event, by, chunk_id, attempt, detail } of rows) {
        const chunk = { chunkId: chunk_id ?? undefined, attempt: attempt ?? undefined };
        yield { at, event, by, ...chunk, detail: detail ?? undefined };
      }
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.id;
    }
  }
}
