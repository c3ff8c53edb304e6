import { readRecipients } from 'nestjs-laaffic';
import { MADE_ORDER_ID } from '../messages/command-checks.js';
import { isMadeOrderId } from '../store/order-ids.js';
import { OutboxError } from '../errors/outbox.error.js';
import type { CampaignSource } from './campaign.js';
import { shownEntry, type ShownEntry } from './shown-entry.js';

/** An entry that is never sent to. */
export interface InvalidEntry extends ShownEntry {
  readonly slot: number;
  readonly code: string;
  /** What is wrong with it. Never contains the entry itself. */
  readonly reason: string;
}

/** A range of the source, as it is stored. */
export interface SourceChunk {
  /** The position of slot 0 in the source. */
  readonly first: number;
  /** Number of entries. */
  readonly entries: number;
  /** Number of valid recipients. */
  readonly size: number;
  /** By slot, joined by commas; empty for invalid entries. */
  readonly numbers: string;
  /** By slot, joined by commas, empty if the entry has none; `null` if no entry has one. */
  readonly orderIds: string | null;
  readonly invalid: readonly InvalidEntry[];
}

const PLACE = /^to\[(\d+)\]\.?/;

/** Reads a source chunk by chunk, and never further than requested. */
export class RecipientChunks {
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  readonly #isAsync: boolean;
  readonly #seen: SeenNumbers | undefined;
  #position = 0;
  #isEnded = false;

  /** @param size the number of entries in a chunk. Only the last chunk may have fewer. */
  constructor(
    private readonly source: CampaignSource,
    private readonly size: number,
    duplicates: 'keep' | 'reject',
  ) {
    this.#isAsync = Symbol.asyncIterator in source;
    this.#seen = duplicates === 'reject' ? new SeenNumbers() : undefined;
  }

  /**
   * @returns `undefined` at the end of the source.
   * @throws {OutboxError} `OUTBOX_SOURCE_FAILED` if the source throws. The entries since the last chunk are lost.
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
      // An iterator that threw is finished and must not be closed.
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

  /** Closes the source. */
  async close(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await this.#iterator?.return?.();
  }

  #build(entries: readonly unknown[]): SourceChunk {
    // Order ids may repeat here: a request makes another id for the second recipient.
    const read = entries.map((entry) => (problemOf(entry) === undefined ? entry : undefined));
    const { recipients, issues } = readRecipients(
      read,
      this.size,
      () => '',
      (orderId) => orderId,
    );
    const invalid = issues.map(({ field, problem }): InvalidEntry => {
      const slot = Number(PLACE.exec(field)?.[1]);
      const reason = problemOf(entries[slot]) ?? `${field.replace(PLACE, '')} ${problem}`.trim();
      return { slot, code: 'LAAFFIC_INVALID_COMMAND', reason, ...shownEntry(entries[slot]) };
    });
    const empty = new Set(invalid.map(({ slot }) => slot));
    const numbers = new Array<string>(entries.length).fill('');
    const orderIds = new Array<string>(entries.length).fill('');
    let size = 0;
    let hasOrderIds = false;
    let slot = 0;
    for (const { number, orderId } of recipients) {
      while (empty.has(slot)) slot++;
      if (isMadeOrderId(orderId)) {
        const reason = `orderId ${MADE_ORDER_ID}`;
        invalid.push({ slot, code: 'LAAFFIC_INVALID_COMMAND', reason, ...shownEntry(entries[slot]) });
      } else if (this.#seen?.add(number) === false) {
        const reason = 'the number occurred before';
        invalid.push({ slot, code: 'LAAFFIC_DUPLICATE_RECIPIENT', reason, ...shownEntry(entries[slot]) });
      } else {
        numbers[slot] = number;
        orderIds[slot] = orderId;
        hasOrderIds ||= orderId !== '';
        size++;
      }
      slot++;
    }
    return {
      first: this.#position,
      entries: entries.length,
      size,
      numbers: numbers.join(),
      orderIds: hasOrderIds ? orderIds.join() : null,
      invalid,
    };
  }
}

function open(source: CampaignSource): Iterator<unknown> | AsyncIterator<unknown> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** The problem that the source itself reports for an entry. */
function problemOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !('problem' in entry)) return undefined;
  return typeof entry.problem === 'string' ? entry.problem : undefined;
}

/** A JavaScript Set cannot hold more than 2^24 entries. */
const SETS = 64;

/** Remembers numbers, about 40 bytes each. */
class SeenNumbers {
  readonly #sets: readonly Set<number>[] = Array.from({ length: SETS }, () => new Set());

  /** @returns whether the number is new. */
  add(number: string): boolean {
    // Numbers of up to 15 digits are exact.
    const digits = Number(number);
    const set = this.#sets[digits % SETS];
    if (set === undefined) return true;
    const before = set.size;
    return set.add(digits).size > before;
  }
}
