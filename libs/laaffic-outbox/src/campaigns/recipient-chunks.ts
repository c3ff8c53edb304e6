import { readRecipients, type RecipientSource } from 'nestjs-laaffic';
import { MADE_ORDER_ID } from '../command-checks.js';
import { isMadeOrderId } from '../ledger/order-place.js';
import { OutboxError } from '../outbox.error.js';
import { SeenNumbers } from './seen-numbers.js';

/** An entry that is never sent to. */
export interface InvalidEntry {
  readonly slot: number;
  readonly code: string;
  /** What is wrong with it; never holds the entry itself. */
  readonly reason: string;
}

/** A stretch of the source, as the ledger stores it. */
export interface SourceChunk {
  /** Where slot 0 stands in the source. */
  readonly first: number;
  /** How many entries it is. */
  readonly size: number;
  /** How many of them are recipients. */
  readonly n: number;
  /** By slot, joined by commas; empty where there is no recipient. */
  readonly numbers: string;
  /** By slot, joined by commas, empty where there is none; `null` where nobody has one. */
  readonly orderIds: string | null;
  readonly invalid: readonly InvalidEntry[];
}

const PLACE = /^to\[(\d+)\]\.?/;

/** Reads a source chunk by chunk, never further than it is asked to. */
export class RecipientChunks {
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  readonly #isAsync: boolean;
  readonly #seen: SeenNumbers | undefined;
  #position = 0;
  #isEnded = false;

  /** @param size how many entries a chunk has; only the last may have fewer. */
  constructor(
    private readonly source: RecipientSource,
    private readonly size: number,
    duplicates: 'keep' | 'refuse',
  ) {
    this.#isAsync = Symbol.asyncIterator in source;
    this.#seen = duplicates === 'refuse' ? new SeenNumbers() : undefined;
  }

  /**
   * @returns `undefined` at the end of the source.
   * @throws {OutboxError} `OUTBOX_SOURCE_FAILED` if the source throws; the entries since the last chunk are lost.
   */
  async next(): Promise<SourceChunk | undefined> {
    const entries: unknown[] = [];
    try {
      this.#iterator ??= open(this.source);
      while (!this.#isEnded && entries.length < this.size) {
        const step = this.#iterator.next();
        const { done, value } = (this.#isAsync ? await step : step) as IteratorResult<unknown, unknown>;
        if (done === true) this.#isEnded = true;
        else entries.push(value);
      }
    } catch (cause) {
      // A source that threw is over, and is not to be closed.
      this.#isEnded = true;
      throw new OutboxError(
        'OUTBOX_SOURCE_FAILED',
        `The source of the recipients failed after ${this.#position + entries.length} entries`,
        { cause },
      );
    }
    if (entries.length === 0) return undefined;
    const chunk = this.#build(entries);
    this.#position += entries.length;
    return chunk;
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.#iterator?.return?.();
  }

  #build(entries: readonly unknown[]): SourceChunk {
    const first = this.#position;
    const { recipients, issues } = readRecipients(entries, this.size, () => '');
    const invalid = issues.map(({ field, problem }) => ({
      slot: Number(PLACE.exec(field)?.[1]),
      code: 'LAAFFIC_INVALID_COMMAND',
      reason: reasonOf(field, problem, first),
    }));
    const empty = new Set(invalid.map(({ slot }) => slot));
    const numbers = new Array<string>(entries.length).fill('');
    const orderIds = new Array<string>(entries.length).fill('');
    let n = 0;
    let hasOrderIds = false;
    let slot = 0;
    for (const { number, orderId } of recipients) {
      while (empty.has(slot)) slot++;
      if (isMadeOrderId(orderId)) {
        invalid.push({ slot, code: 'LAAFFIC_INVALID_COMMAND', reason: `orderId ${MADE_ORDER_ID}` });
      } else if (this.#seen?.add(number) === false) {
        invalid.push({ slot, code: 'LAAFFIC_DUPLICATE_RECIPIENT', reason: 'the number came before' });
      } else {
        numbers[slot] = number;
        orderIds[slot] = orderId;
        hasOrderIds ||= orderId !== '';
        n++;
      }
      slot++;
    }
    return {
      first,
      size: entries.length,
      n,
      numbers: numbers.join(),
      orderIds: hasOrderIds ? orderIds.join() : null,
      invalid,
    };
  }
}

function open(source: RecipientSource): Iterator<unknown> | AsyncIterator<unknown> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** In words for the whole source, of which the list that was checked is a stretch. */
function reasonOf(field: string, problem: string, first: number): string {
  const told = problem.replace(/to\[(\d+)\]/g, (_, slot: string) => `recipients[${first + Number(slot)}]`);
  return `${field.replace(PLACE, '')} ${told}`.trim();
}
