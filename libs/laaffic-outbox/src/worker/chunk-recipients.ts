import type { RecipientInput } from 'nestjs-laaffic';
import { madeOrderId, orderIdPrefix } from '../store/order-ids.js';
import type { ClaimedChunk } from './claimed-chunk.js';

/** The recipients of one attempt of a chunk, and the order ids that lead back to the chunk's slots. */
export class ChunkRecipients {
  readonly to: readonly RecipientInput[];
  /**
   * The prefix of the order ids that the request generates. Only for a chunk without gaps and without order ids of
   * callers.
   */
  readonly orderIdPrefix: string | undefined;
  /** The slots of the recipients, or `undefined` for 0, 1, 2, … */
  readonly #slots: readonly number[] | undefined;
  readonly #prefix: string;
  /** The slots with an order id of the caller. If several have the same one, only the first. */
  readonly #ownOrderIds = new Map<number, string>();
  #slotOf: Map<string, number> | undefined;

  constructor({ id, attempt, numbers, orderIds }: ClaimedChunk, prefix: string) {
    this.#prefix = orderIdPrefix(prefix, id, attempt);
    if (orderIds === undefined && !numbers.includes('')) {
      this.to = numbers;
      this.orderIdPrefix = this.#prefix;
      return;
    }
    const slots = [...numbers.keys()].filter((slot) => numbers[slot] !== '');
    this.#slots = slots;
    const seen = new Set<string>();
    for (const slot of slots) {
      const own = orderIds?.[slot];
      // The list has an empty string for recipients without an order id of the caller.
      if (own === undefined || own === '' || seen.has(own)) continue;
      seen.add(own);
      this.#ownOrderIds.set(slot, own);
    }
    this.to = slots.map((slot) => ({ number: numbers[slot] ?? '', orderId: this.#orderIdOf(slot) }));
  }

  /** The slot of the recipient at this index of the request. */
  slotAt(index: number): number {
    return this.#slots?.[index] ?? index;
  }

  slotOf(orderId: string): number | undefined {
    this.#slotOf ??= new Map(
      this.to.map((_, index) => {
        const slot = this.slotAt(index);
        return [this.#orderIdOf(slot), slot];
      }),
    );
    return this.#slotOf.get(orderId);
  }

  #orderIdOf(slot: number): string {
    return this.#ownOrderIds.get(slot) ?? madeOrderId(this.#prefix, slot);
  }
}
