import type { LaafficException } from '../errors/laaffic.exception.js';
import type { BulkCounts } from './bulk-counts.js';
import type { BulkJournal } from './bulk-journal.js';
import type { BulkReceipt } from './bulk-receipt.js';
import { BulkStoppedError } from './bulk-stopped.error.js';
import type { Chunk, Chunks } from './chunks.js';
import type { ChunkOutcome } from './chunk-sender.js';
import { Positions, type PositionRange } from './positions.js';

/** How a run goes about it. */
export interface BulkPlan {
  readonly chunks: Chunks;
  readonly concurrency: number;
  readonly order: 'source' | 'completion';
  readonly mostUnknownInARow: number;
  /** How many recipients the source has, where it can tell. */
  readonly size: number | undefined;
  readonly settled: readonly PositionRange[];
  readonly signal: AbortSignal | undefined;
  readonly journal: BulkJournal | undefined;
  /**
   * Sends a chunk.
   * @param stopped is aborted when the run stops.
   * @param starting to be awaited before a request is sent.
   * @returns `undefined` if the run stopped before anything of it was sent.
   */
  send(chunk: Chunk, stopped: AbortSignal, starting: () => Promise<void>): Promise<ChunkOutcome | undefined>;
}

/** A chunk that was started, in the order of the source. */
interface Slot {
  receipt: BulkReceipt | undefined;
  isOver: boolean;
}

/**
 * A bulk run: an iterable of one receipt for each request. It starts when it is iterated, once, and goes
 * no further ahead of its reader than a few requests. Reading less than all of it ends it: what is
 * under way is finished, and counted.
 */
export class BulkRun implements AsyncIterable<BulkReceipt> {
  readonly #plan: BulkPlan;
  readonly #settled: Positions;
  readonly #counts = { accepted: 0, rejected: 0, unknown: 0, dropped: 0 };
  readonly #stop = new AbortController();
  readonly #slots: Slot[] = [];
  #underWay = 0;
  #attempted = 0;
  #unknownInARow = 0;
  #isReading = false;
  #isStarted = false;
  #isEnded = false;
  #isOver = false;
  #doom: LaafficException | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(plan: BulkPlan) {
    this.#plan = plan;
    this.#settled = new Positions(plan.settled);
  }

  /** How it stands now. */
  get counts(): BulkCounts {
    const { size, settled } = this.#plan;
    if (!this.#isOver || size === undefined) return { ...this.#counts, notAttempted: undefined };
    const before = settled.reduce((sum, [from, to]) => sum + Math.max(0, Math.min(to, size) - from), 0);
    return { ...this.#counts, notAttempted: Math.max(0, size - before - this.#attempted) };
  }

  /** The positions that need no further attempt, those of `resume` included: to be given to another run as `resume`. */
  get settled(): readonly PositionRange[] {
    return this.#settled.ranges;
  }

  /**
   * Runs to the end in constant memory, and keeps nothing but counts.
   * @throws what iterating throws.
   */
  async finish(): Promise<BulkCounts> {
    const receipts = this[Symbol.asyncIterator]();
    for (let step = await receipts.next(); step.done !== true; step = await receipts.next());
    return this.counts;
  }

  /**
   * Runs to the end, and keeps everything.
   * @returns the receipts as they came.
   * @throws what iterating throws; then the receipts are lost, so iterate where the run may stop.
   */
  async collect(): Promise<BulkReceipt[]> {
    const receipts: BulkReceipt[] = [];
    for await (const receipt of this) receipts.push(receipt);
    return receipts;
  }

  /**
   * @throws {BulkStoppedError} after the last receipt, if the run was stopped by a refusal that every
   * other request would meet, or because the gateway cannot be reached, or has answered nothing
   * readable for a while.
   * @throws what the source or the journal throws, after the receipts of what was under way.
   */
  [Symbol.asyncIterator](): AsyncGenerator<BulkReceipt, void, undefined> {
    if (this.#isStarted) throw new Error('A bulk run is iterated once: call sendBulk again for another');
    this.#isStarted = true;
    return this.#iterate();
  }

  async *#iterate(): AsyncGenerator<BulkReceipt, void, undefined> {
    const { signal, chunks } = this.#plan;
    const onAbort = () => {
      this.#halt();
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
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
      while (this.#underWay > 0) await this.#change();
      signal?.removeEventListener('abort', onAbort);
      this.#isOver = true;
      if (!this.#isReading) await chunks.close();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#doom !== undefined) throw new BulkStoppedError(this.#doom, this.counts, this.settled);
  }

  /** Reads the next chunk, to send it, if a request is free for it; not while the reader is far behind. */
  #read(): void {
    const { concurrency, chunks } = this.#plan;
    const isFull = this.#underWay >= concurrency || this.#slots.length >= 2 * concurrency;
    if (this.#isReading || this.#isEnded || this.#stop.signal.aborted || isFull) return;
    this.#isReading = true;
    chunks.next().then(
      (chunk) => {
        this.#isReading = false;
        // Nobody is left to hear of it if that fails.
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
    const slot: Slot = { receipt: undefined, isOver: false };
    this.#slots.push(slot);
    this.#underWay++;
    try {
      const { first, count, orderIds } = chunk;
      const starting = async () => this.#plan.journal?.starting({ first, count, orderIds });
      const outcome = await this.#plan.send(chunk, this.#stop.signal, starting);
      if (outcome !== undefined) await this.#finish(slot, outcome);
    } catch (error) {
      this.#fail(error);
    } finally {
      slot.isOver = true;
      this.#underWay--;
      this.#read();
      this.#wake();
    }
  }

  async #finish(slot: Slot, { receipt, doom }: ChunkOutcome): Promise<void> {
    slot.receipt = receipt;
    this.#count(receipt);
    if (doom !== undefined) this.#stopFor(doom);
    const { exception, accepted, rejected } = receipt;
    const isUnknown = exception?.outcome === 'unknown' && accepted.length + rejected.length === 0;
    this.#unknownInARow = isUnknown ? this.#unknownInARow + 1 : 0;
    if (isUnknown && this.#unknownInARow >= this.#plan.mostUnknownInARow) this.#stopFor(exception);
    await this.#plan.journal?.finished(receipt);
  }

  #count({ accepted, rejected, unknown, dropped, count, settled }: BulkReceipt): void {
    this.#counts.accepted += accepted.length;
    this.#counts.rejected += rejected.length;
    this.#counts.unknown += unknown.length;
    this.#counts.dropped += dropped;
    this.#attempted += count;
    for (const [from, to] of settled) this.#settled.add(from, to);
  }

  #takeReceipt(): BulkReceipt | undefined {
    const isInOrder = this.#plan.order === 'source';
    for (;;) {
      const index = isInOrder
        ? this.#slots[0]?.isOver === true
          ? 0
          : -1
        : this.#slots.findIndex((slot) => slot.isOver);
      if (index < 0) return undefined;
      const [slot] = this.#slots.splice(index, 1);
      if (slot?.receipt !== undefined) return slot.receipt;
    }
  }

  #isDone(): boolean {
    return this.#slots.length === 0 && (this.#isEnded || this.#stop.signal.aborted);
  }

  /** Not if it was stopped already: then a request that was given up is no reason. */
  #stopFor(doom: LaafficException): void {
    if (this.#stop.signal.aborted) return;
    this.#doom = doom;
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
