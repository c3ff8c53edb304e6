import { setTimeout as wait } from 'node:timers/promises';
import type { LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import { backOff, type PauseLimits } from '../gateway/back-off.js';
import { notBegun } from '../gateway/unsettled.js';
import type { Recipient } from '../messages/recipients.js';
import type { SmsReceipt } from '../messages/sms-receipt.js';
import type { Chunk } from './chunks.js';
import { NOT_ATTEMPTED, sendChunk, type ChunkLimits, type ChunkOutcome } from './chunk-sender.js';

/** What the requests of a run need. */
export interface BulkSenderPlan extends ChunkLimits {
  readonly pauses: PauseLimits;
  /** At random, from 0 to below 1. */
  fraction(): number;
  /** Waits until a request with so many recipients may go. @returns whether it may: not once the run was stopped. */
  turn(recipients: number, stopped: AbortSignal): Promise<boolean>;
  /** One request. @throws {LaafficException} if nobody was accepted. */
  request(recipients: readonly Recipient[]): Promise<SmsReceipt>;
}

/** Sends the chunks of one run, each request in its turn. */
export class BulkSender {
  constructor(private readonly plan: BulkSenderPlan) {}

  /** @returns `undefined` if the run stopped before anything of the chunk was sent. */
  async send(chunk: Chunk, stopped: AbortSignal, starting: () => Promise<void>): Promise<ChunkOutcome | undefined> {
    const { plan } = this;
    let hasTurn = chunk.recipients.length === 0;
    if (!hasTurn) {
      if (!(await plan.turn(chunk.recipients.length, stopped)) || stopped.aborted) return undefined;
      hasTurn = true;
      await starting();
    }
    const send = async (recipients: readonly Recipient[]) => {
      if (!hasTurn && !(await plan.turn(recipients.length, stopped)))
        throw notBegun(LOCAL_FAILURES.abortedUnsent, recipients, { reason: NOT_ATTEMPTED });
      hasTurn = false;
      return plan.request(recipients);
    };
    return sendChunk(chunk, { send, pause: (failures, failure) => this.#pause(failures, failure, stopped) }, plan);
  }

  async #pause(failures: number, failure: LaafficException, stopped: AbortSignal): Promise<boolean> {
    const delay = backOff(failures, this.plan.pauses, failure, this.plan.fraction());
    return wait(delay, true, { signal: stopped }).catch(() => false);
  }
}
