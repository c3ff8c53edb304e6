import type { Lane } from '../options/outbox.options.js';
import type { Ledger } from './outbox-ledger.js';

/** The consequence of a rejection with a code that says that the account cannot send. */
export interface Blame {
  /** `paused`: the account is paused. `refused`: the message itself is the cause and is not sent any more. */
  readonly verdict: 'paused' | 'refused' | 'given back';
  /** Milliseconds until the chunk may be claimed again. */
  readonly delay: number;
}

/** A message that is rejected this often while others are accepted is given up. */
const MOST_STRIKES = 3;
/** Milliseconds until the first probe. Problems that a person has to fix last longer than those that go away. */
const FIRST_PROBE = { account: 10_000, silence: 2_000 } as const;

/** Pauses, limits and resumes an account and its lanes, for all workers at once. */
export class AccountControl {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Pauses the account if it is the cause of a rejection; otherwise the message gets a strike. Call it before the chunk
   * is released.
   * @param isProbe whether the attempt was a probe of the paused account.
   */
  async blame(chunkId: string, isProbe: boolean, code: string, reason: string): Promise<Blame> {
    const { database, account, by } = this.ledger;
    const { rows } = await database.query<{ verdict: Blame['verdict']; delay: number }>(
      `select verdict, delay from ${database.schema}.blame($1, $2, $3, $4, $5, $6, $7, $8)`,
      [account, chunkId, by, isProbe, code, reason, FIRST_PROBE.account, MOST_STRIKES],
    );
    return rows[0] ?? { verdict: 'given back', delay: 0 };
  }

  /**
   * Pauses the account because of the gateway itself.
   * @returns whether the account was not paused before.
   */
  async pause(code: string, reason: string): Promise<boolean> {
    return this.#call('pause_account($1, $2, $3, $4)', [code, reason, FIRST_PROBE.silence]);
  }

  /** @returns whether the account was paused before. */
  async resume(by: string): Promise<boolean> {
    return this.#call('resume_account($1, $2)', [by]);
  }

  /**
   * @param chunkId the chunk of the last request without a response.
   * @param size recipients of the largest request without a response.
   * @returns whether the lane was not paused before.
   */
  async pauseLane(lane: Lane, chunkId: string, size: number, reason: string): Promise<boolean> {
    return this.#call('pause_lane($1, $2, $3, $4, $5, $6)', [lane, chunkId, size, reason, FIRST_PROBE.silence]);
  }

  /**
   * Records the end of a request that was larger than the lane's limit.
   * @param isAnswered `undefined` if it never reached the gateway.
   * @returns whether the lane works again.
   */
  async endLaneTry(lane: Lane, size: number, isAnswered: boolean | undefined, reason: string): Promise<boolean> {
    const params = [lane, size, isAnswered ?? null, reason, FIRST_PROBE.silence];
    return this.#call('end_lane_try($1, $2, $3, $4, $5, $6)', params);
  }

  /** @returns whether any lane was paused or limited. */
  async resumeLanes(by: string): Promise<boolean> {
    return this.#call('resume_lanes($1, $2)', [by]);
  }

  /** @param delay milliseconds that the gateway asked for. The pause also grows with each call. */
  async slowDown(delay: number): Promise<void> {
    await this.#call('slow_account($1, $2)', [delay]);
  }

  async #call(call: string, params: readonly unknown[]): Promise<boolean> {
    const { rows } = await this.ledger.database.query<{ is: boolean | null }>(
      `select ${this.ledger.database.schema}.${call} as is`,
      [this.ledger.account, ...params],
    );
    return rows[0]?.is === true;
  }
}
