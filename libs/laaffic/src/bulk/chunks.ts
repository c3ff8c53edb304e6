import { LOCAL_FAILURES } from '../errors/local-failures.js';
import type { OrderIdGenerator } from '../messages/order-ids.js';
import { normalizeNumber } from '../messages/phone-number.js';
import { readRecipient, replaceRepeatedOrderIds, type Recipient, type RecipientInput } from '../messages/recipients.js';
import type { RejectedRecipient } from '../messages/sms-receipt.js';
import type { Positions } from './positions.js';

/**
 * An entry that the reader of the source knows to be wrong. The run rejects it with `problem` as the reason.
 * @example
 * yield row.phone === '' ? { problem: 'has no phone number', input: row.name } : row.phone;
 */
export interface WrongEntry {
  readonly problem: string;
  /** The text in the source. */
  readonly input?: string | undefined;
  readonly orderId?: string | undefined;
}

/** The recipients of a bulk run: a list, a generator, a database cursor, a stream of a file. */
export type RecipientSource = Iterable<RecipientInput | WrongEntry> | AsyncIterable<RecipientInput | WrongEntry>;

/** A part of the source: the recipients of one request, and the entries between them that were rejected. */
export interface Chunk {
  readonly first: number;
  readonly count: number;
  /** The beginning of its generated order ids. */
  readonly orderIds: string;
  readonly recipients: readonly PositionedRecipient[];
  readonly rejected: readonly RejectedRecipient[];
  readonly dropped: number;
}

export interface PositionedRecipient extends Recipient {
  /** In the source, from 0. */
  readonly position: number;
}

/** How a source is divided into chunks. */
export interface ChunkPlan {
  readonly size: number;
  readonly duplicates: 'keep' | 'drop' | 'reject';
  /** Positions to leave out. */
  readonly processed: Positions;
  readonly orderIds: OrderIdGenerator;
}

/** Reads a source chunk by chunk, never further than the caller requests. */
export class Chunks {
  readonly #source: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #plan: ChunkPlan;
  /** As numbers, because they take less memory than text. They are exact: phone numbers have at most 15 digits. */
  readonly #seen = new Set<number>();
  #position = 0;
  #isEnded = false;

  constructor(source: RecipientSource, plan: ChunkPlan) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    this.#plan = plan;
  }

  /** How many entries were read. */
  get position(): number {
    return this.#position;
  }

  /** @returns `undefined` at the end of the source. */
  async next(): Promise<Chunk | undefined> {
    const { size, processed, orderIds } = this.#plan;
    const chunk = new ChunkBuilder(size, orderIds.prefix());
    while (!this.#isEnded && !chunk.isFull) {
      const step = this.#source.next();
      const result: IteratorResult<unknown, unknown> = step instanceof Promise ? await step : step;
      const { done, value } = result;
      if (done === true) {
        this.#isEnded = true;
      } else if (processed.has(this.#position)) {
        this.#position++;
        this.#remember(value);
        if (!chunk.isEmpty) break;
      } else {
        this.#add(chunk, value, this.#position++);
      }
    }
    return chunk.isEmpty ? undefined : chunk.build();
  }

  /** Closes the source early. */
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
    else chunk.reject(recipient, LOCAL_FAILURES.duplicate.code, 'the number came before');
  }

  #isNew(number: string): boolean {
    const before = this.#seen.size;
    return this.#seen.add(Number(number)).size > before;
  }

  /** Remembers a number that an earlier run processed: it is a duplicate as well. */
  #remember(entry: unknown): void {
    if (this.#plan.duplicates === 'keep') return;
    const text = typeof entry === 'object' && entry !== null ? (entry as { number?: unknown }).number : entry;
    const number = typeof text === 'string' ? normalizeNumber(text) : undefined;
    if (number !== undefined) this.#isNew(number);
  }
}

class ChunkBuilder {
  readonly recipients: PositionedRecipient[] = [];
  readonly rejected: RejectedRecipient[] = [];
  dropped = 0;
  #first: number | undefined;
  #count = 0;
  readonly #orderIdRule = replaceRepeatedOrderIds((index) => this.#orderId(index));

  constructor(
    private readonly size: number,
    private readonly orderIds: string,
  ) {}

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Rejected entries are limited too, so that a chunk stays small whatever the source has. */
  get isFull(): boolean {
    return this.recipients.length === this.size || this.rejected.length === this.size;
  }

  /** @returns `undefined` if the entry is not a recipient; then it was rejected. */
  read(entry: unknown, position: number): PositionedRecipient | undefined {
    this.#first ??= position;
    const index = this.#count++;
    // The usual case is fast: it builds no field name.
    const number = typeof entry === 'string' ? normalizeNumber(entry) : undefined;
    if (number !== undefined) return { number, orderId: this.#orderId(index), position };
    const { problem } = (entry ?? {}) as { problem?: unknown };
    if (typeof problem === 'string') {
      this.reject({ ...preview(entry), position }, LOCAL_FAILURES.invalidCommand.code, `[${position}] ${problem}`);
      return undefined;
    }
    const read = readRecipient(entry, `[${position}]`, index, (at) => this.#orderId(at), this.#orderIdRule);
    if (!('problem' in read)) return { ...read, position };
    this.reject({ ...preview(entry), position }, LOCAL_FAILURES.invalidCommand.code, `${read.field} ${read.problem}`);
    return undefined;
  }

  reject({ number, orderId, position }: PositionedRecipient, code: string, reason: string): void {
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

/** What to show of an entry that is not a recipient. Shortened, because it may be anything. */
function preview(entry: unknown): Recipient {
  const fields = typeof entry === 'object' && entry !== null ? (entry as Record<string, unknown>) : {};
  const { input, number = input, orderId } = fields;
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 64) : '');
  return { number: text(typeof entry === 'string' ? entry : number), orderId: text(orderId) };
}
