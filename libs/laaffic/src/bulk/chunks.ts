import { LOCAL_FAILURES } from '../errors/local-failures.js';
import type { OrderIds } from '../messages/order-id.js';
import { normaliseNumber } from '../messages/phone-number.js';
import { readRecipient, replacingRepeats, type Recipient, type RecipientInput } from '../messages/recipients.js';
import type { RejectedRecipient } from '../messages/sms-receipt.js';
import type { Positions } from './positions.js';

/** Where recipients come from. */
export type RecipientSource = Iterable<RecipientInput> | AsyncIterable<RecipientInput>;

/** A stretch of the source: the recipients of one request, and what was refused between them. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  /** What its made order ids begin with. */
  readonly orderIds: string;
  readonly recipients: readonly PlacedRecipient[];
  readonly rejected: readonly RejectedRecipient[];
  readonly dropped: number;
}

export interface PlacedRecipient extends Recipient {
  /** In the source. */
  readonly position: number;
}

/** How chunks are made. */
export interface ChunkPlan {
  readonly size: number;
  readonly duplicates: 'keep' | 'drop' | 'refuse';
  /** Positions to leave out. */
  readonly settled: Positions;
  readonly orderIds: OrderIds;
}

/** Reads a source chunk by chunk, never further than it is asked to. */
export class Chunks {
  readonly #source: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #plan: ChunkPlan;
  /** As numbers, of which even 15 digits are exact. */
  readonly #seen = new Set<number>();
  #position = 0;
  #isEnded = false;

  constructor(source: RecipientSource, plan: ChunkPlan) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.#plan = plan;
  }

  /** How many recipients were read. */
  get position(): number {
    return this.#position;
  }

  /** @returns `undefined` at the end of the source. */
  async next(): Promise<Chunk | undefined> {
    const { size, settled, orderIds } = this.#plan;
    const chunk = new ChunkBuilder(size, orderIds.prefix());
    while (!this.#isEnded && !chunk.isFull) {
      const step = this.#source.next();
      const result: IteratorResult<unknown, unknown> = step instanceof Promise ? await step : step;
      const { done, value } = result;
      if (done === true) {
        this.#isEnded = true;
      } else if (settled.has(this.#position)) {
        this.#position++;
        this.#remember(value);
        if (!chunk.isEmpty) break;
      } else {
        this.#add(chunk, value, this.#position++);
      }
    }
    return chunk.isEmpty ? undefined : chunk.build();
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.#source.return?.();
  }

  #add(chunk: ChunkBuilder, entry: unknown, position: number): void {
    const recipient = chunk.read(entry, position);
    if (recipient === undefined) return;
    const { duplicates } = this.#plan;
    if (duplicates === 'keep' || this.#isNew(recipient.number)) chunk.recipients.push(recipient);
    else if (duplicates === 'drop') chunk.dropped++;
    else chunk.refuse(recipient, LOCAL_FAILURES.duplicate.code, 'the number came before');
  }

  #isNew(number: string): boolean {
    const before = this.#seen.size;
    return this.#seen.add(Number(number)).size > before;
  }

  /** A number that was settled in an earlier run has come before as well. */
  #remember(entry: unknown): void {
    if (this.#plan.duplicates === 'keep') return;
    const text = typeof entry === 'object' && entry !== null ? (entry as { number?: unknown }).number : entry;
    const number = typeof text === 'string' ? normaliseNumber(text) : undefined;
    if (number !== undefined) this.#isNew(number);
  }
}

class ChunkBuilder {
  readonly recipients: PlacedRecipient[] = [];
  readonly rejected: RejectedRecipient[] = [];
  dropped = 0;
  #first: number | undefined;
  #count = 0;
  readonly #ownOrderIds = replacingRepeats((index) => this.#orderId(index));

  constructor(
    private readonly size: number,
    private readonly orderIds: string,
  ) {}

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Of refused recipients too there are only so many in a chunk, whatever the source is. */
  get isFull(): boolean {
    return this.recipients.length === this.size || this.rejected.length === this.size;
  }

  /** @returns `undefined` if the entry is none; then it was refused. */
  read(entry: unknown, position: number): PlacedRecipient | undefined {
    this.#first ??= position;
    const index = this.#count++;
    // The usual case, without a name for each entry.
    const number = typeof entry === 'string' ? normaliseNumber(entry) : undefined;
    if (number !== undefined) return { number, orderId: this.#orderId(index), position };
    const read = readRecipient(entry, `[${position}]`, index, (place) => this.#orderId(place), this.#ownOrderIds);
    if (!('problem' in read)) return { ...read, position };
    this.refuse({ ...asGiven(entry), position }, LOCAL_FAILURES.invalidCommand.code, `${read.field} ${read.problem}`);
    return undefined;
  }

  refuse({ number, orderId, position }: PlacedRecipient, code: string, reason: string): void {
    this.rejected.push({ number, orderId, code, reason, position });
  }

  build(): Chunk {
    const { recipients, rejected, dropped, orderIds } = this;
    return { first: this.#first ?? 0, count: this.#count, orderIds, recipients, rejected, dropped };
  }

  #orderId(index: number): string {
    return `${this.orderIds}.${index.toString(36)}`;
  }
}

/** What can be said of an entry that is no recipient; cut, for it may be anything. */
function asGiven(entry: unknown): Recipient {
  const { number, orderId } = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : {};
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 64) : '');
  return { number: text(typeof entry === 'string' ? entry : number), orderId: text(orderId) };
}
