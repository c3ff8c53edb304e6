import { isChanged, type Database } from '../database/database.js';
import type { Lane } from '../options/outbox.options.js';
import {
  backOff,
  endLaneProbe,
  pauseAccount,
  pauseLane,
  recordAccountRejection,
  resumeAccount,
  resumeLanes,
} from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** The consequence of a rejection with a code that says that the account cannot send. */
export interface RecordedRejection {
  /** `paused`: the account is paused. `rejected`: the message itself is the cause and is not sent any more. */
  readonly verdict: 'paused' | 'rejected' | 'released';
  /** Milliseconds until the chunk may be claimed again. */
  readonly delayMs: number;
}

/** A message that is rejected this often while others are accepted is given up. */
const MAX_STRIKES = 3;
/** Milliseconds until the first probe. Problems that a person has to fix last longer than those that go away. */
const FIRST_PROBE = { account: 10_000, silence: 2_000 } as const;

/** Pauses, limits and resumes an account and its lanes, for all workers at once. */
export class AccountControl {
  constructor(
    private readonly store: Pick<OutboxStore, 'account' | 'actor'>,
    private readonly database: Database,
  ) {}

  /**
   * Pauses the account if it is the cause of a rejection; otherwise the message gets a strike. Call it before the chunk
   * is released.
   * @param isProbe whether the attempt was a probe of the paused account.
   */
  async recordRejection(chunkId: string, isProbe: boolean, code: string, reason: string): Promise<RecordedRejection> {
    const { account, actor } = this.store;
    const limits = { firstProbeMs: FIRST_PROBE.account, maxStrikes: MAX_STRIKES };
    const rejection = { account, chunkId, actor, isProbe, code, reason, ...limits };
    const [row] = await this.database.run(recordAccountRejection, rejection);
    return { verdict: (row?.verdict ?? 'released') as RecordedRejection['verdict'], delayMs: row?.delay ?? 0 };
  }

  /**
   * Pauses the account because of the gateway itself.
   * @returns whether the account was not paused before.
   */
  async pause(code: string, reason: string): Promise<boolean> {
    const pause = { account: this.store.account, code, reason, firstProbeMs: FIRST_PROBE.silence };
    return isChanged(await this.database.run(pauseAccount, pause));
  }

  /** @returns whether the account was paused before. */
  async resume(actor: string): Promise<boolean> {
    return isChanged(await this.database.run(resumeAccount, { account: this.store.account, actor }));
  }

  /**
   * @param chunkId the chunk of the last request without a response.
   * @param targetSize recipients of the largest request without a response.
   * @returns whether the lane was not paused before.
   */
  async pauseLane(lane: Lane, chunkId: string, targetSize: number, reason: string): Promise<boolean> {
    const pause = { account: this.store.account, lane, chunkId, targetSize, reason, firstProbeMs: FIRST_PROBE.silence };
    return isChanged(await this.database.run(pauseLane, pause));
  }

  /**
   * Records the end of a request that was larger than the lane's limit.
   * @param isAnswered `undefined` if it never reached the gateway.
   * @returns whether the lane works again.
   */
  async endLaneProbe(lane: Lane, size: number, isAnswered: boolean | undefined, reason: string): Promise<boolean> {
    const { account } = this.store;
    const probe = { account, lane, size, isAnswered: isAnswered ?? null, reason, firstProbeMs: FIRST_PROBE.silence };
    return isChanged(await this.database.run(endLaneProbe, probe));
  }

  /** @returns whether any lane was paused or limited. */
  async resumeLanes(actor: string): Promise<boolean> {
    return isChanged(await this.database.run(resumeLanes, { account: this.store.account, actor }));
  }

  /** @param delayMs what the gateway asked for. The pause also grows with each call. */
  async backOff(delayMs: number): Promise<void> {
    await this.database.run(backOff, { account: this.store.account, delayMs });
  }
}
