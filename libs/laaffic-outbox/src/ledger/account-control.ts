import type { Lane } from '../options/outbox.options.js';
import type { Ledger } from './outbox-ledger.js';

/** What follows from a refusal by a code that says that the account cannot send. */
export interface Blame {
  /** `paused`: the account works no longer. `refused`: the message itself is the cause, and is not sent any more. */
  readonly verdict: 'paused' | 'refused' | 'given back';
  /** Milliseconds until the chunk may be claimed again. */
  readonly delay: number;
}

/** So often a message is refused while others are accepted before it is given up. */
const MOST_STRIKES = 3;
/** Milliseconds until the first probe. What a person has to mend takes longer than what mends itself. */
const FIRST_PROBE = { account: 10_000, silence: 2_000 } as const;

/** Pauses, limits and resumes one gateway account and its lanes, for all workers at once. */
export class AccountControl {
  constructor(private readonly ledger: Ledger) {}

  /**
   * Pauses the account, if it is the cause; otherwise the message has a strike. To be called before the chunk is given back.
   * @param isProbe whether the attempt was to find out if the paused account works again.
   */
  async blame(chunkId: string, isProbe: boolean, code: string, reason: string): Promise<Blame> {
    const { database, account, by } = this.ledger;
    const { rows } = await database.query<{ verdict: Blame['verdict']; delay: number }>(
      `select verdict, delay from ${database.schema}.blame($1, $2, $3, $4, $5, $6, $7, $8)`,
      [account, chunkId, by, isProbe, code, reason, FIRST_PROBE.account, MOST_STRIKES],
    );
    return rows[0] ?? { verdict: 'given back', delay: 0 };
  }

  /** The gateway itself is the cause. @returns whether the account was not paused before. */
  async pause(code: string, reason: string): Promise<boolean> {
    return this.#call('pause_account($1, $2, $3, $4)', [code, reason, FIRST_PROBE.silence]);
  }

  /** @returns whether it was paused before. */
  async resume(by: string): Promise<boolean> {
    return this.#call('resume_account($1, $2)', [by]);
  }

  /**
   * @param chunkId the chunk whose request was the last without an answer.
   * @param size recipients of the largest request without an answer.
   * @returns whether the lane was not paused before.
   */
  async pauseLane(lane: Lane, chunkId: string, size: number, reason: string): Promise<boolean> {
    return this.#call('pause_lane($1, $2, $3, $4, $5, $6)', [lane, chunkId, size, reason, FIRST_PROBE.silence]);
  }

  /**
   * A request has ended that was larger than the lane's limit.
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

  /** @param delay milliseconds that were asked for; at least a growing pause is made. */
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
