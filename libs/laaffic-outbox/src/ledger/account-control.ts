import type { Ledger } from './outbox-ledger.js';

/** Pauses, slows down and resumes one gateway account, for all workers at once. */
export class AccountControl {
  constructor(private readonly ledger: Ledger) {}

  /**
   * @param first milliseconds until the first probe; until the next they double, up to five minutes.
   * @returns whether it was not paused before.
   */
  async pause(code: string, reason: string, first: number): Promise<boolean> {
    return this.#call('pause_account($1, $2, $3, $4)', [code, reason, first]);
  }

  /** @returns whether it was paused before. */
  async resume(by: string): Promise<boolean> {
    return this.#call('resume_account($1, $2)', [by]);
  }

  /** @param delay milliseconds that were asked for; at least a growing pause is made. */
  async slowDown(delay: number): Promise<void> {
    await this.#call('slow_account($1, $2)', [delay]);
  }

  /** The gateway takes requests again. */
  async speedUp(): Promise<void> {
    await this.ledger.database.query(
      `update ${this.ledger.database.schema}.account set slow_steps = 0 where id = $1 and slow_steps > 0`,
      [this.ledger.account],
    );
  }

  async #call(call: string, params: readonly unknown[]): Promise<boolean> {
    const { rows } = await this.ledger.database.query<{ is: boolean | null }>(
      `select ${this.ledger.database.schema}.${call} as is`,
      [this.ledger.account, ...params],
    );
    return rows[0]?.is === true;
  }
}
