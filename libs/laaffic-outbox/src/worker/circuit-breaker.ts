import { Logger } from '@nestjs/common';
import type { Lane } from '../options/outbox.options.js';
import type { ErrorLog } from '../errors/error-log.js';
import type { AccountControl } from './account-control.js';
import type { AccountHealth, AttemptEnd } from './attempt.js';
import type { ClaimedChunk } from './claimed-chunk.js';
import type { AttemptResult } from './result-writer.js';
import { SilenceWatch } from './silence-watch.js';

const FAILURE = "The account's state cannot be stored";

/**
 * Watches the health of the account by the results of attempts. If nothing can be sent, it pauses the account for all
 * workers. If a lane gets no responses, it pauses the lane; otherwise a whole campaign would end as unknown. If the
 * gateway limits requests, it slows all workers down. When a probe succeeds, it resumes.
 */
export class CircuitBreaker {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #silence = { priority: new SilenceWatch(), bulk: new SilenceWatch() };
  /** Pauses of lanes that are being stored. */
  readonly #pausing = new Map<Lane, Promise<boolean>>();

  constructor(
    private readonly control: AccountControl,
    private readonly errors: ErrorLog,
  ) {}

  /**
   * @returns the result of the chunk: a rejection that looks like a problem of the account may be caused by the
   * message. Never rejects.
   */
  async record({ result, health }: AttemptEnd, chunk: ClaimedChunk, lane: Lane): Promise<AttemptResult> {
    try {
      await this.#recordSilence(health, chunk, lane);
      const end = await this.#recordHealth(health, result, chunk);
      this.errors.resolve(FAILURE);
      return end;
    } catch (error) {
      this.errors.report(FAILURE, error);
      return result;
    }
  }

  async #recordSilence(health: AccountHealth, chunk: ClaimedChunk, lane: Lane): Promise<void> {
    const { size } = chunk;
    const isAnswered =
      health.status === 'silent' ? false : health.status === 'works' || health.status === 'broken' ? true : undefined;
    const reason = health.status === 'silent' ? `no readable response (${health.code})` : '';
    if (chunk.isLaneProbe) {
      if (await this.control.endLaneProbe(lane, size, isAnswered, reason))
        this.#logger.log(`The lane ${lane} works again`);
    } else if (isAnswered !== undefined && !chunk.isProbe) {
      const largest = this.#silence[lane].record(size, !isAnswered);
      if (largest !== undefined) await this.#pauseLane(lane, chunk.id, largest, reason);
      // Otherwise the slot of this request would claim another one before the pause is stored.
      else await this.#pausing.get(lane);
    }
  }

  async #pauseLane(lane: Lane, chunkId: string, largest: number, reason: string): Promise<void> {
    const pausing = this.control.pauseLane(lane, chunkId, largest, reason);
    this.#pausing.set(lane, pausing);
    try {
      if (!(await pausing)) return;
      this.#logger.error(`The lane ${lane} is paused (${reason}): nothing is sent in it until a probe gets a response`);
    } finally {
      if (this.#pausing.get(lane) === pausing) this.#pausing.delete(lane);
    }
  }

  async #recordHealth(
    health: AccountHealth,
    result: AttemptResult,
    { id, isProbe }: ClaimedChunk,
  ): Promise<AttemptResult> {
    switch (health.status) {
      case 'untouched':
        break;
      case 'works':
        if (isProbe && (await this.control.resume('probe'))) this.#logger.log('The account works again');
        break;
      case 'broken':
        return this.#recordRejection(health, result, id, isProbe);
      case 'limited':
        if (isProbe) await this.#pause('OUTBOX_RATE_LIMITED', 'the probe was not accepted');
        await this.control.backOff(health.delay);
        break;
      case 'silent':
        if (isProbe) await this.#pause('OUTBOX_GATEWAY_UNRESPONSIVE', `no readable response (${health.code})`);
        break;
    }
    return result;
  }

  async #recordRejection(
    { code, reason }: { readonly code: string; readonly reason: string },
    result: AttemptResult,
    chunkId: string,
    isProbe: boolean,
  ): Promise<AttemptResult> {
    const recorded = await this.control.recordRejection(chunkId, isProbe, code, reason);
    if (recorded.verdict === 'paused') this.#logPause(code, reason);
    if (recorded.verdict === 'rejected') return { type: 'rejected', code, reason };
    return result.type === 'released' ? { ...result, delayMs: recorded.delayMs } : result;
  }

  async #pause(code: string, reason: string): Promise<void> {
    if (await this.control.pause(code, reason)) this.#logPause(code, reason);
  }

  #logPause(code: string, reason: string): void {
    this.#logger.error(`The account is paused (${code}: ${reason}): nothing is sent until a probe succeeds`);
  }
}
