import type { SmsService } from 'nestjs-laaffic';
import type { Subject } from 'rxjs';
import type { ProcessClock, Stopwatch } from '../clock.js';
import type { AccountControl } from '../ledger/account-control.js';
import type { OutboxActivity } from '../ledger/activity.js';
import type { ClaimedChunk } from '../ledger/chunk.js';
import type { Claims } from '../ledger/claims.js';
import type { Settlements } from '../ledger/settlements.js';
import type { Lane } from '../options/outbox.options.js';
import type { OutboxSettings } from '../options/outbox.settings.js';
import type { Outages } from '../outages.js';
import { AccountWatch } from './account-watch.js';
import { attemptActivity } from './attempt-activity.js';
import { attempt } from './attempt.js';
import { LaneRunner } from './lane-runner.js';

/** The collaborators of a worker. */
export interface WorkerParts {
  readonly sms: SmsService;
  readonly settings: OutboxSettings;
  readonly claims: Claims;
  readonly settlements: Settlements;
  readonly control: AccountControl;
  readonly clock: ProcessClock;
  readonly outages: Outages;
  readonly activity: Subject<OutboxActivity>;
  /** The prefix of the order ids of this ledger. */
  readonly prefix: string;
}

/** Sends the chunks that it claims from the ledger. */
export class OutboxWorker {
  readonly #lanes: readonly LaneRunner[];
  readonly #watch: AccountWatch;

  constructor(private readonly parts: WorkerParts) {
    this.#watch = new AccountWatch(parts.control, parts.outages);
    this.#lanes = parts.settings.worker === undefined ? [] : [this.#lane('priority'), this.#lane('bulk')];
  }

  start(): void {
    for (const lane of this.#lanes) lane.start();
  }

  /** Whether any lane has something to send. */
  get isBusy(): boolean {
    return this.#lanes.some((lane) => lane.isBusy);
  }

  /** Call it when there may be something to send. */
  wake(): void {
    for (const lane of this.#lanes) lane.wake();
  }

  /** Stops claiming. */
  stop(): void {
    for (const lane of this.#lanes) lane.stop();
  }

  /** Resolves, after `stop`, when the outcomes of all requests in flight are stored. */
  async drained(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.drained()));
  }

  #lane(lane: Lane): LaneRunner {
    const { settings, claims, clock } = this.parts;
    return new LaneRunner({
      outages: this.parts.outages,
      slots: settings.worker?.slots[lane] ?? 1,
      poll: settings.worker?.pollIntervalMs ?? 1_000,
      claim: (limit) => claims.take(lane, limit),
      run: (chunk, claimed) => this.#send(chunk, lane, claimed),
      startStopwatch: () => clock.start(),
    });
  }

  async #send(chunk: ClaimedChunk, lane: Lane, claimed: Stopwatch): Promise<void> {
    const { sms, settings, settlements, prefix, activity } = this.parts;
    const priority = lane === 'priority' ? 'high' : 'normal';
    const end = await attempt(sms, chunk, {
      prefix,
      timeout: settings.timing.timeoutMs,
      priority,
      shouldSend: () => claimed.isWithin(Math.min(settings.timing.startWithinMs, chunk.expiresInMs ?? Infinity)),
    });
    // Record bad news about the account first: otherwise a released chunk would be claimed again at once. Record good
    // news last.
    const isGood = end.account.is === 'works';
    const verdict = isGood ? end.verdict : await this.#watch.heed(end, chunk, lane);
    const isTaken = await settlements.write(chunk, verdict);
    if (isGood) await this.#watch.heed(end, chunk, lane);
    if (isTaken && activity.observed) activity.next(attemptActivity(chunk, lane, verdict));
  }
}
