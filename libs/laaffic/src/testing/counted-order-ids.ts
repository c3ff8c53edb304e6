import { OrderIds } from '../messages/order-id.js';
import { Randomness } from '../randomness.js';

/** Order ids that are the same in every run: `fake-order-1.0` is the first recipient of the first request. */
export class CountedOrderIds extends OrderIds {
  #requests = 0;

  constructor() {
    super(new Randomness());
  }

  override prefix(): string {
    this.#requests += 1;
    return `fake-order-${this.#requests}`;
  }

  restart(): void {
    this.#requests = 0;
  }
}
