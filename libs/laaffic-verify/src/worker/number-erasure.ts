import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import { claimRedactions, expireVerifications, finishRedactions, forgetApprovedNumbers } from '../sql/generated.js';

/** Number of rows in one step. A small number keeps locks short. */
const STEP = 200;
/** If the process dies, another one continues after this time. */
const LEASE_MS = 60_000;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 60 * 60_000;
const NUMBER_KEPT_MS = 24 * 60 * 60_000;

/**
 * Erases the numbers of verifications that are over: those that have expired, their messages in the outbox, and approvals
 * that no handler could handle for a day. The messages of an approved one are needed until its conversion was reported.
 */
export class NumberErasure {
  /** @param now the time, for tests. @default the server's */
  constructor(
    private readonly extension: OutboxExtension,
    private readonly now: () => Date | undefined = () => undefined,
  ) {}

  /** Erases some that are due. @returns whether there may be more. */
  async run(): Promise<boolean> {
    const { extension } = this;
    const now = this.now() ?? null;
    const expired = await extension.runInBackground(expireVerifications, { limit: STEP, now });
    const old = { keptMs: NUMBER_KEPT_MS, limit: STEP, now };
    const forgotten = await extension.runInBackground(forgetApprovedNumbers, old);
    const step = { account: extension.account, leaseMs: LEASE_MS, limit: STEP, now };
    const over = await extension.runInBackground(claimRedactions, step);
    if (over.length > 0) {
      const waiting = await extension.redactMessages(over.flatMap(({ message_ids }) => message_ids));
      const pauses = { firstPauseMs: FIRST_PAUSE_MS, longestPauseMs: LONGEST_PAUSE_MS };
      const ids = over.map(({ id }) => id);
      await extension.runInBackground(finishRedactions, { ids, waiting, ...pauses, now });
    }
    return [expired, forgotten, over].some(({ length }) => length === STEP);
  }
}
