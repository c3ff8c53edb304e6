import { OrderIds } from '../messages/order-id.js';
import { Randomness } from '../randomness.js';

/** Order ids that are the same in every run: `fake-order-1.0` is the first recipient of the first request. */
export class CountedOrderIds extends OrderIds {
  #requests = 0;

  constructor() {
    super(new Randomness());
  }

  override forRequest(): (index: number) => string {
    this.#requests += 1;
    const request = this.#requests;
    return (index) => `fake-order-${request}.${index}`;
  }

  restart(): void {
    this.#requests = 0;
  }
}
