import type { SmsService } from 'nestjs-laaffic';
import type { Lane } from '../options/outbox.options.js';
import type { OutboxSettings } from '../options/outbox.settings.js';
import type { ProcessClock, Stopwatch } from '../runtime/clock.js';
import { Signal } from '../runtime/signal.js';
import { claimChunks, countDue } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { requestLimits } from '../store/request-limits.js';
import { attemptWithoutOptOuts } from './attempt-without-opt-outs.js';
import { attempt, attemptActivity } from './attempt.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import type { ClaimedChunk } from './claimed-chunk.js';
import type { ResultWriter } from './result-writer.js';

/** What the lanes of a worker share. */
export interface WorkerParts {
  readonly store: OutboxStore;
  readonly sms: SmsService;
  readonly clock: ProcessClock;
  readonly results: ResultWriter;
  readonly breaker: CircuitBreaker;
  readonly rate: OutboxSettings['rate'];
}

const PAUSE_AFTER_FAILURE = 500;
/** How often, and for how long after a notification, to look for what is committed meanwhile; in milliseconds. */
const LOOK_AGAIN_EVERY = { priority: 5, bulk: 50 } as const;
const LOOK_AGAIN_FOR = 150;
const FAILURE = 'No message can be claimed';
/** Milliseconds between claims that look at everything that is pending. */
const WHOLE_EVERY = 1_000;
/** How many milliseconds after its insert a message may be committed, and still be seen soon. */
const COMMIT_WITHIN = 500;
/** Milliseconds between claims that look for such messages while there is always something to send. */
const LATE_EVERY = 50;

/** Keeps the slots of one lane busy while there is something to send. */
export class LaneWorker {
  readonly #signal = new Signal();
  /** Notified when a slot is free, or when there may be more slots. */
  readonly #slotSignal = new Signal();
  readonly #running = new Set<Promise<void>>();
  /** The slots of the options. A person may set others, which each claim returns. */
  readonly #ownSlots: number;
  readonly #pollIntervalMs: number;
  readonly #floors = new Floors();
  #slots: number;
  #mayHaveMoreSlots = false;
  #lookAgainUntil = 0;
  #isStopped = false;
  #isBusy = false;
  #isHeldUp = false;
  #loop: Promise<void> | undefined;

  constructor(
    readonly name: Lane,
    private readonly parts: WorkerParts,
  ) {
    const { worker } = parts.store.settings;
    this.#ownSlots = worker?.slots[name] ?? 1;
    this.#slots = this.#ownSlots;
    this.#pollIntervalMs = worker?.pollIntervalMs ?? 1_000;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Whether the last claim found something to send. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /**
   * Call it when there may be something to send.
   * @param looksAgain whether more may be committed soon. Processes do not notify for each message.
   */
  wake(looksAgain = false): void {
    if (looksAgain) this.#lookAgainUntil = this.parts.clock.monotonic() + LOOK_AGAIN_FOR;
    this.#signal.notify();
  }

  /** Call it when a person has changed the lane. */
  reread(): void {
    this.#mayHaveMoreSlots = true;
    this.#slotSignal.notify();
    this.#signal.notify();
  }

  /**
   * Claims once and resolves when the outcomes are stored. For a lane that is not started.
   * @returns the number of claimed chunks.
   */
  async sendOnce(): Promise<number> {
    await this.#fill();
    const claimed = this.#running.size;
    await Promise.all(this.#running);
    return claimed;
  }

  /** Whether the gateway has limited or rejected the account since this lane was created. */
  get isHeldUp(): boolean {
    return this.#isHeldUp;
  }

  /** Stops claiming. */
  stop(): void {
    this.#isStopped = true;
    this.#signal.notify();
  }

  /** Resolves, after `stop`, when the outcomes of all requests in flight are stored. */
  async drained(): Promise<void> {
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#running.size >= this.#slots && !this.#mayHaveMoreSlots) {
        await this.#slotSignal.next();
        continue;
      }
      this.#mayHaveMoreSlots = false;
      // A notification during the claim is not missed.
      const next = this.#signal.next();
      const pause = await this.#fill();
      this.#isBusy = pause === 0;
      if (pause > 0) await this.#rest(next, pause);
    }
  }

  /** Waits for a call of `wake`, but not longer than this many milliseconds. */
  async #rest(next: Promise<void>, pause: number): Promise<void> {
    const state = { isWoken: false };
    void next.then(() => {
      state.isWoken = true;
    });
    const { clock } = this.parts;
    const end = clock.monotonic() + pause;
    // Claims of all workers would wait for each other, so this only looks.
    while (clock.monotonic() < Math.min(end, this.#lookAgainUntil)) {
      await this.#signal.wait(next, Math.min(pause, LOOK_AGAIN_EVERY[this.name]));
      if (state.isWoken || this.#isStopped || (await this.#isSomethingDue())) return;
    }
    await this.#signal.wait(next, end - clock.monotonic());
  }

  async #isSomethingDue(): Promise<boolean> {
    // The bulk lane has more than single messages, and it can wait.
    if (this.name === 'bulk') return true;
    const { account, database, seals } = this.parts.store;
    try {
      const [row] = await database.run(countDue, { account, max: 1, sealKeyIds: seals.ids });
      return (row?.count ?? 0) > 0;
    } catch {
      // The next claim reports it.
      return true;
    }
  }

  /** @returns how long to wait until the next claim, in milliseconds. */
  async #fill(): Promise<number> {
    // Start the stopwatch before the database computes how long the chunk may still be sent.
    const sinceClaim = this.parts.clock.start();
    const { errors } = this.parts.store;
    try {
      const inFlight = this.#running.size;
      const { chunks, waitMs, slots } = await this.#claim(inFlight);
      this.#slots = slots;
      errors.resolve(FAILURE);
      for (const chunk of chunks) {
        const run = this.#send(chunk, sinceClaim).finally(() => {
          this.#running.delete(run);
          this.#slotSignal.notify();
        });
        this.#running.add(run);
      }
      const isFull = chunks.length >= slots - inFlight;
      const pause = this.#floors.pauseAfter(isFull, this.parts.clock.monotonic());
      return Math.min(waitMs ?? pause, this.#pollIntervalMs);
    } catch (error) {
      errors.report(FAILURE, error);
      return PAUSE_AFTER_FAILURE;
    }
  }

  /**
   * Marks as many chunks as there are free slots as `sending`, and returns them. Resolves after the commit.
   * @param inFlight number of requests in flight.
   * @returns also the milliseconds until the next claim can succeed, if known, and the number of slots.
   */
  async #claim(inFlight: number): Promise<{ chunks: ClaimedChunk[]; waitMs: number | undefined; slots: number }> {
    const { account, actor, database, settings, seals } = this.parts.store;
    const floors = this.#floors.next(this.parts.clock.monotonic());
    const rows = await database.run(claimChunks, {
      ...{ account, worker: actor, lane: this.name, limit: this.#ownSlots - inFlight, inFlight },
      ...requestLimits(this.parts),
      startWithinMs: settings.timing.startWithinMs,
      ...floors,
      sealKeyIds: seals.ids,
    });
    const chunks = rows.flatMap((row): ClaimedChunk[] => {
      if (row.chunk_id === null) return [];
      this.#floors.raise(row);
      return [
        {
          id: row.chunk_id,
          attempt: row.attempt,
          campaignId: row.campaign_id ?? undefined,
          size: row.size,
          numbers: row.numbers.split(','),
          orderIds: row.order_ids?.split(','),
          content: row.content,
          sealKeyId: row.seal_key_id ?? undefined,
          senderId: row.sender_id ?? undefined,
          numberRetries: row.number_retries,
          splitsLeft: row.splits_left,
          expiresInMs: row.expires_in_ms ?? undefined,
          maybeAccepted: row.maybe_accepted,
          isProbe: row.is_probe,
          isLaneProbe: row.is_lane_probe,
          waitedMs: row.waited_ms,
          purpose: row.purpose ?? undefined,
          optOutVersion: row.opt_outs ?? undefined,
        },
      ];
    });
    const last = rows.at(-1);
    return { chunks, waitMs: last?.wait_ms ?? undefined, slots: last?.lane_slots ?? this.#ownSlots };
  }

  /** Sends a chunk and stores its outcome. Never rejects. */
  async #send(chunk: ClaimedChunk, sinceClaim: Stopwatch): Promise<void> {
    const lane = this.name;
    const { store, sms, results, breaker } = this.parts;
    const { timeoutMs, startWithinMs } = store.settings.timing;
    const end = await attemptWithoutOptOuts(chunk, store.optOuts, (allowed) =>
      attempt(sms, allowed, {
        prefix: store.prefix,
        seals: store.seals,
        timeoutMs,
        priority: lane === 'priority' ? 'high' : 'normal',
        shouldSend: () => sinceClaim.isWithin(Math.min(startWithinMs, chunk.expiresInMs ?? Infinity)),
      }),
    );
    if (end.health.status === 'limited' || end.health.status === 'broken') this.#isHeldUp = true;
    // Record bad news about the account first: otherwise a released chunk would be claimed again at once. Record good
    // news last.
    const isGood = end.health.status === 'works';
    const result = isGood ? end.result : await breaker.record(end, chunk, lane);
    const isStored = await results.write(chunk, result);
    if (isGood) await breaker.record(end, chunk, lane);
    if (isStored && store.activity.observed) store.activity.next(attemptActivity(chunk, lane, result));
  }
}

/**
 * Times before which nothing is pending in a lane, as far as its worker knows: it has claimed everything that was older.
 * Something older may still become visible, when its transaction commits. So they leave room for usual transactions,
 * except that most claims of a busy lane do not, and for long ones they are forgotten once a second.
 */
class Floors {
  readonly #byKind = new Map<'single' | 'list', Date>();
  readonly #byCampaign = new Map<string, Date>();
  #lastCampaign = '0';
  #lastWhole = -Infinity;
  #lastLate = -Infinity;
  #isWhole = true;
  #isLate = true;
  #wasFull = false;

  /** @param now by the process's own clock. @returns the parameters of the next claim. */
  next(now: number): { lastCampaignId: string; floors: (Date | null)[]; campaignIds: string[] } {
    this.#isWhole = now - this.#lastWhole >= WHOLE_EVERY;
    this.#isLate = this.#isWhole || !this.#wasFull || now - this.#lastLate >= LATE_EVERY;
    if (this.#isLate) this.#lastLate = now;
    if (this.#isWhole) {
      this.#lastWhole = now;
      this.#byKind.clear();
      this.#byCampaign.clear();
    }
    return {
      lastCampaignId: this.#lastCampaign,
      floors: [this.#floorOf('single'), this.#floorOf('list'), ...this.#byCampaign.values()],
      campaignIds: [...this.#byCampaign.keys()],
    };
  }

  #floorOf(kind: 'single' | 'list'): Date | null {
    const floor = this.#byKind.get(kind);
    if (floor === undefined) return null;
    return this.#isLate ? new Date(floor.getTime() - COMMIT_WITHIN) : floor;
  }

  /**
   * @param isFull whether the claim found as much as it asked for.
   * @returns how long the lane may wait for its next claim. Without work, it looks for late commits at once and at
   * everything once a second. It need not if it just has.
   */
  pauseAfter(isFull: boolean, now: number): number {
    this.#wasFull = isFull;
    if (isFull || !this.#isLate) return 0;
    return this.#isWhole ? Infinity : Math.max(1, this.#lastWhole + WHOLE_EVERY - now);
  }

  /**
   * Chunks of one kind, and of one campaign, are claimed in the order of these times. Those of a campaign are committed
   * before it starts.
   */
  raise(claimed: { readonly campaign_id: string | null; readonly size: number; readonly due_at: Date | null }): void {
    const { campaign_id: campaign, size, due_at: dueAt } = claimed;
    if (campaign !== null) this.#lastCampaign = campaign;
    if (dueAt === null) return;
    if (campaign === null) this.#byKind.set(size === 1 ? 'single' : 'list', dueAt);
    else this.#byCampaign.set(campaign, dueAt);
  }
}
