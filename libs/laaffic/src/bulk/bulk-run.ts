import type { LaafficException } from '../errors/laaffic.exception.js';
import { onAbort } from '../on-abort.js';
import type { BulkJournal } from './bulk-journal.js';
import type { BulkCounts, BulkReceipt } from './bulk-receipt.js';
import type { ChunkOutcome } from './chunk-sender.js';
import type { Chunk, Chunks } from './chunks.js';
import { Positions, type PositionRange } from './positions.js';

/** What a run sends, and how. */
export interface BulkPlan {
  readonly chunks: Chunks;
  readonly concurrency: number;
  readonly order: 'source' | 'completion';
  readonly maxConsecutiveUnknown: number;
  /** How many recipients the source has; `undefined` if it has no known size. */
  readonly size: number | undefined;
  readonly processed: readonly PositionRange[];
  readonly signal: AbortSignal | undefined;
  readonly journal: BulkJournal | undefined;
  /**
   * Sends a chunk.
   * @param stopped aborted when the run stops.
   * @param starting has to be awaited before the first request is sent.
   * @returns `undefined` if the run stopped before anything of the chunk was sent.
   */
  send(chunk: Chunk, stopped: AbortSignal, starting: () => Promise<void>): Promise<ChunkOutcome | undefined>;
}

/** The place of a started chunk in the order of the source. */
interface Slot {
  receipt: BulkReceipt | undefined;
  isDone: boolean;
}

/**
 * A bulk run: an iterable of one receipt for each request. It starts when it is iterated, which is possible once, and
 * stays at most a few requests ahead of its reader. If the reader stops early, the run ends: the requests in flight are
 * finished and counted.
 * @example
 * const run = sms.sendBulk(numbers, { content });
 * for await (const receipt of run) console.log(`${run.counts.accepted} accepted`);
 */
export class BulkRun implements AsyncIterable<BulkReceipt> {
  readonly #plan: BulkPlan;
  readonly #processed: Positions;
  readonly #counts = { accepted: 0, rejected: 0, unknown: 0, dropped: 0 };
  readonly #stop = new AbortController();
  readonly #slots: Slot[] = [];
  #inFlight = 0;
  #attempted = 0;
  #consecutiveUnknown = 0;
  #isReading = false;
  #isStarted = false;
  #isEnded = false;
  #isOver = false;
  #fatalError: LaafficException | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(plan: BulkPlan) {
    this.#plan = plan;
    this.#processed = new Positions(plan.processed);
  }

  /** The outcomes so far. */
  get counts(): BulkCounts {
    const { size, processed } = this.#plan;
    if (!this.#isOver || size === undefined) return { ...this.#counts, notAttempted: undefined };
    const before = processed.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, size) - from), 0);
    return { ...this.#counts, notAttempted: Math.max(0, size - before - this.#attempted) };
  }

  /** The positions that need no further attempt, those of `resume` included. Give them to the next run as `resume`. */
  get processed(): readonly PositionRange[] {
    return this.#processed.ranges;
  }

  /**
   * Runs to the end, in constant memory.
   * @throws what iterating throws.
   */
  async drain(): Promise<BulkCounts> {
    const receipts = this[Symbol.asyncIterator]();
    for (let step = await receipts.next(); step.done !== true; step = await receipts.next());
    return this.counts;
  }

  /**
   * Runs to the end and returns all receipts.
   * @throws what iterating throws; the receipts are lost then, so iterate if the run may stop.
   */
  async toArray(): Promise<BulkReceipt[]> {
    const receipts: BulkReceipt[] = [];
    for await (const receipt of this) receipts.push(receipt);
    return receipts;
  }

  /**
   * @throws {BulkStoppedError} after the last receipt, if the run was stopped: because the gateway rejected a request for
   * a reason that every other request would have too, cannot be reached, or left the outcome of too many requests unknown.
   * @throws errors of the source or the journal, after the receipts of the requests in flight.
   */
  [Symbol.asyncIterator](): AsyncGenerator<BulkReceipt, void, undefined> {
    if (this.#isStarted) throw new Error('A bulk run can be iterated once only. Call sendBulk again for another run');
    this.#isStarted = true;
    return this.#iterate();
  }

  async *#iterate(): AsyncGenerator<BulkReceipt, void, undefined> {
    const { signal, chunks } = this.#plan;
    if (signal?.aborted === true) this.#halt();
    const stopWatch = onAbort(signal, () => {
      this.#halt();
    });
    try {
      for (;;) {
        this.#read();
        const receipt = this.#takeReceipt();
        if (receipt !== undefined) yield receipt;
        else if (this.#isDone()) break;
        else await this.#change();
      }
    } finally {
      this.#halt();
      while (this.#inFlight > 0) await this.#change();
      stopWatch();
      this.#isOver = true;
      if (!this.#isReading) await chunks.close();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#fatalError !== undefined) throw new BulkStoppedError(this.#fatalError, this.counts, this.processed);
  }

  /** Reads and starts the next chunk, unless `concurrency` is reached or the reader is far behind. */
  #read(): void {
    const { concurrency, chunks } = this.#plan;
    const isFull = this.#inFlight >= concurrency || this.#slots.length >= 2 * concurrency;
    if (this.#isReading || this.#isEnded || this.#stop.signal.aborted || isFull) return;
    this.#isReading = true;
    chunks.next().then(
      (chunk) => {
        this.#isReading = false;
        // The iterator has ended, so no caller is left for an error.
        if (this.#isOver) chunks.close().catch(() => undefined);
        else if (chunk === undefined) this.#isEnded = true;
        else if (!this.#stop.signal.aborted) void this.#start(chunk);
        this.#read();
        this.#wake();
      },
      (error: unknown) => {
        this.#isReading = false;
        this.#fail(error);
        this.#wake();
      },
    );
  }

  async #start(chunk: Chunk): Promise<void> {
    const slot: Slot = { receipt: undefined, isDone: false };
    this.#slots.push(slot);
    this.#inFlight++;
    try {
      const { first, count, orderIds } = chunk;
      const starting = async () => this.#plan.journal?.starting({ first, count, orderIds });
      const outcome = await this.#plan.send(chunk, this.#stop.signal, starting);
      if (outcome !== undefined) await this.#finish(slot, outcome);
    } catch (error) {
      this.#fail(error);
    } finally {
      slot.isDone = true;
      this.#inFlight--;
      this.#read();
      this.#wake();
    }
  }

  async #finish(slot: Slot, { receipt, fatalError }: ChunkOutcome): Promise<void> {
    slot.receipt = receipt;
    this.#count(receipt);
    if (fatalError !== undefined) this.#stopFor(fatalError);
    const { exception, accepted, rejected } = receipt;
    const isUnknown = exception?.outcome === 'unknown' && accepted.length + rejected.length === 0;
    this.#consecutiveUnknown = isUnknown ? this.#consecutiveUnknown + 1 : 0;
    if (isUnknown && this.#consecutiveUnknown >= this.#plan.maxConsecutiveUnknown) this.#stopFor(exception);
    await this.#plan.journal?.finished(receipt);
  }

  #count({ accepted, rejected, unknown, dropped, count, processed }: BulkReceipt): void {
    this.#counts.accepted += accepted.length;
    this.#counts.rejected += rejected.length;
    this.#counts.unknown += unknown.length;
    this.#counts.dropped += dropped;
    this.#attempted += count;
    for (const [from, to] of processed) this.#processed.add(from, to);
  }

  #takeReceipt(): BulkReceipt | undefined {
    const isInOrder = this.#plan.order === 'source';
    for (;;) {
      const index = isInOrder
        ? this.#slots[0]?.isDone === true
          ? 0
          : -1
        : this.#slots.findIndex((slot) => slot.isDone);
      if (index < 0) return undefined;
      const [slot] = this.#slots.splice(index, 1);
      if (slot?.receipt !== undefined) return slot.receipt;
    }
  }

  #isDone(): boolean {
    return this.#slots.length === 0 && (this.#isEnded || this.#stop.signal.aborted);
  }

  /** Does nothing if the run was stopped before: a request that was given up because of that is not the reason. */
  #stopFor(fatalError: LaafficException): void {
    if (this.#stop.signal.aborted) return;
    this.#fatalError = fatalError;
    this.#halt();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#halt();
  }

  #halt(): void {
    this.#stop.abort();
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

/**
 * A bulk run that stopped early, because every other request would have failed like the last one. Fix the cause and
 * resume: nothing that is processed is sent again.
 * @example
 * if (error instanceof BulkStoppedError) await sms.sendBulk(numbers, message, { resume: error.processed }).drain();
 */
export class BulkStoppedError extends Error {
  override readonly name = 'BulkStoppedError';
  readonly code = 'LAAFFIC_BULK_STOPPED';

  constructor(
    /** Why the run stopped: for example a `LaafficAccountException`. */
    override readonly cause: LaafficException,
    /** The outcomes of the recipients that the run reached. */
    readonly counts: BulkCounts,
    /** The positions that need no further attempt: the option `resume` of the next run. */
    readonly processed: readonly PositionRange[],
  ) {
    super(`The bulk run was stopped: ${cause.message} Resume it with the positions in \`processed\`.`, { cause });
  }
}
