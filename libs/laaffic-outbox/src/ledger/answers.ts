import type { OutboxLedger } from './outbox-ledger.js';

/** Number of chunks in one step. A small number keeps locks short. */
const STEP = 20;
/** Milliseconds after which an answer is expanded even if there is a lot to send. */
const LONGEST_WAIT = 30_000;

/**
 * Expands large answers into one row for each recipient. Before that the answer of a chunk is one row, so sending does
 * not wait for a thousand inserts.
 */
export class Answers {
  constructor(private readonly ledger: OutboxLedger) {}

  /**
   * @param isBusy whether sending has priority. Then only answers that have waited for too long are expanded.
   * @returns whether there may be more to do.
   */
  async writeOutSome(isBusy: boolean): Promise<boolean> {
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query<{ written: number | null }>(
      `select case when not $1::boolean
          or exists (select from ${s}.answer where at < clock_timestamp() - $2::float8 * interval '1 millisecond')
        then ${s}.write_out_oldest(${STEP}) end as written`,
      [isBusy, LONGEST_WAIT],
    );
    return rows[0]?.written === STEP;
  }

  /** Expands at most this many answers. Waits for those that another process is expanding. */
  async writeOutOldest(limit: number): Promise<void> {
    await this.ledger.database.query(`select ${this.ledger.database.schema}.write_out_oldest($1)`, [limit]);
  }

  /** Expands all current answers, step by step. */
  async writeOut(stepped: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    while (await this.writeOutSome(false)) await stepped();
  }
}
