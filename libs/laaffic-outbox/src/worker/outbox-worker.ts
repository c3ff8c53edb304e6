import { Logger } from '@nestjs/common';
import type { SmsService } from 'nestjs-laaffic';
import type { ProcessClock } from '../clock.js';
import type { AccountControl } from '../ledger/account-control.js';
import type { ClaimedChunk } from '../ledger/chunk.js';
import type { Claims } from '../ledger/claims.js';
import type { Settlements } from '../ledger/settlements.js';
import type { Lane } from '../options/outbox.options.js';
import type { OutboxSettings } from '../options/outbox.settings.js';
import { attempt, type AccountSign } from './attempt.js';
import { LaneRunner } from './lane-runner.js';

/** What a worker works with. */
export interface WorkerParts {
  readonly sms: SmsService;
  readonly settings: OutboxSettings;
  readonly claims: Claims;
  readonly settlements: Settlements;
  readonly control: AccountControl;
  readonly clock: ProcessClock;
  /** What order ids of this ledger begin with. */
  readonly prefix: string;
}

/** Sends what the ledger gives it. */
export class OutboxWorker {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #lanes: readonly LaneRunner[];
  #wasLimited = false;

  constructor(private readonly parts: WorkerParts) {
    this.#lanes = parts.settings.worker === undefined ? [] : [this.#lane('priority'), this.#lane('bulk')];
  }

  start(): void {
    for (const lane of this.#lanes) lane.start();
  }

  /** There may be something to send. */
  wake(): void {
    for (const lane of this.#lanes) lane.wake();
  }

  /** Claims nothing any more. */
  stop(): void {
    for (const lane of this.#lanes) lane.stop();
  }

  /** After `stop`: resolves when everything under way is written down. */
  async drained(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.drained()));
  }

  #lane(lane: Lane): LaneRunner {
    const { settings, claims, clock } = this.parts;
    return new LaneRunner({
      slots: settings.worker?.slots[lane] ?? 1,
      poll: settings.worker?.poll ?? 1_000,
      claim: (limit) => claims.take(lane, limit),
      run: (chunk, mayStart) => this.#send(chunk, lane, mayStart),
      lease: () => clock.within(settings.timing.startWithin),
    });
  }

  async #send(chunk: ClaimedChunk, lane: Lane, mayStart: () => boolean): Promise<void> {
    const { sms, settings, settlements, prefix } = this.parts;
    const priority = lane === 'priority' ? 'high' : 'normal';
    const { verdict, account } = await attempt(sms, chunk, {
      prefix,
      timeout: settings.timing.timeout,
      priority,
      mayStart,
    });
    // First the account: what is given back must not be claimed again at once.
    await this.#heed(account, chunk);
    await settlements.write(chunk, verdict);
  }

  async #heed(sign: AccountSign, chunk: ClaimedChunk): Promise<void> {
    const { control } = this.parts;
    try {
      if (sign.is === 'broken' && (await control.pause(sign.code, sign.reason))) {
        this.#logger.error(
          `The account is paused (${sign.code}, ${sign.reason}): nothing is sent until a probe succeeds`,
        );
      } else if (sign.is === 'limited') {
        this.#wasLimited = true;
        await control.slowDown(sign.delay);
      } else if (sign.is === 'works') {
        if (chunk.isProbe && (await control.resume('probe'))) this.#logger.log('The account works again');
        if (this.#wasLimited) {
          this.#wasLimited = false;
          await control.speedUp();
        }
      }
    } catch (error) {
      this.#logger.error(
        `The account's state could not be written: ${error instanceof Error ? error.name : typeof error}`,
      );
    }
  }
}
