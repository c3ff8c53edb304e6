import type { OutboxLedger } from './outbox-ledger.js';

/** As many chunks as one step takes, so that none holds its locks for long. */
const STEP = 20;
/** Milliseconds after which an answer is written out however much there is to send. */
const LONGEST_WAIT = 30_000;

/**
 * Gives the recipients of large answers their rows. Until then what became of a chunk is one row, so that
 * sending does not wait for a thousand.
 */
export class Answers {
  constructor(private readonly ledger: OutboxLedger) {}

  /**
   * @param isBusy whether there is something better to do; then only what has waited for too long is done.
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

  /** At most so many; those that another process is writing out are waited for. */
  async writeOutOldest(limit: number): Promise<void> {
    await this.ledger.database.query(`select ${this.ledger.database.schema}.write_out_oldest($1)`, [limit]);
  }

  /** All that there are now, a step at a time. */
  async writeOut(stepped: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    while (await this.writeOutSome(false)) await stepped();
  }
}
