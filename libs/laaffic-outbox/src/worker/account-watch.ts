import { Logger } from '@nestjs/common';
import type { AccountControl } from '../ledger/account-control.js';
import type { ClaimedChunk } from '../ledger/chunk.js';
import type { Verdict } from '../ledger/settlements.js';
import type { Lane } from '../options/outbox.options.js';
import type { Outages } from '../outages.js';
import type { AccountSign, AttemptEnd } from './attempt.js';
import { SilenceWatch } from './silence-watch.js';

const OUTAGE = "The account's state cannot be stored";

/**
 * Watches the account's health by the results of attempts. If nothing can be sent, it pauses the account for all
 * workers. If a lane gets no responses, it pauses the lane; otherwise a whole campaign would end as unknown. If the
 * gateway limits requests, it slows all workers down. When a probe succeeds, it resumes.
 */
export class AccountWatch {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #silence = { priority: new SilenceWatch(), bulk: new SilenceWatch() };
  /** Pauses of lanes that are being stored. */
  readonly #pausing = new Map<Lane, Promise<boolean>>();

  constructor(
    private readonly control: AccountControl,
    private readonly outages: Outages,
  ) {}

  /**
   * @returns the result of the chunk: a rejection that looks like a problem of the account may be caused by the
   * message. Never rejects.
   */
  async heed({ verdict, account }: AttemptEnd, chunk: ClaimedChunk, lane: Lane): Promise<Verdict> {
    try {
      await this.#heedSilence(account, chunk, lane);
      const end = await this.#heedAccount(account, verdict, chunk);
      this.outages.over(OUTAGE);
      return end;
    } catch (error) {
      this.outages.report(OUTAGE, error);
      return verdict;
    }
  }

  async #heedSilence(sign: AccountSign, chunk: ClaimedChunk, lane: Lane): Promise<void> {
    const size = chunk.numbers.filter((number) => number !== '').length;
    const isAnswered = sign.is === 'silent' ? false : sign.is === 'works' || sign.is === 'broken' ? true : undefined;
    const reason = sign.is === 'silent' ? `no readable response (${sign.code})` : '';
    if (chunk.isLaneTry) {
      if (await this.control.endLaneTry(lane, size, isAnswered, reason))
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

  async #heedAccount(sign: AccountSign, verdict: Verdict, { id, isProbe }: ClaimedChunk): Promise<Verdict> {
    switch (sign.is) {
      case 'untouched':
        break;
      case 'works':
        if (isProbe && (await this.control.resume('probe'))) this.#logger.log('The account works again');
        break;
      case 'broken':
        return this.#blame(sign, verdict, id, isProbe);
      case 'limited':
        if (isProbe) await this.#pause('OUTBOX_RATE_LIMITED', 'the probe was not accepted');
        await this.control.slowDown(sign.delay);
        break;
      case 'silent':
        if (isProbe) await this.#pause('OUTBOX_GATEWAY_UNRESPONSIVE', `no readable response (${sign.code})`);
        break;
    }
    return verdict;
  }

  async #blame(
    { code, reason }: { readonly code: string; readonly reason: string },
    verdict: Verdict,
    chunkId: string,
    isProbe: boolean,
  ): Promise<Verdict> {
    const blamed = await this.control.blame(chunkId, isProbe, code, reason);
    if (blamed.verdict === 'paused') this.#logPause(code, reason);
    if (blamed.verdict === 'refused') return { is: 'refused', code, reason };
    return verdict.is === 'unsent' ? { ...verdict, delay: blamed.delay } : verdict;
  }

  async #pause(code: string, reason: string): Promise<void> {
    if (await this.control.pause(code, reason)) this.#logPause(code, reason);
  }

  #logPause(code: string, reason: string): void {
    this.#logger.error(`The account is paused (${code}: ${reason}): nothing is sent until a probe succeeds`);
  }
}
