import { Injectable } from '@nestjs/common';

/**
 * The one place where time enters the module. It tells the time as the gateway sees it: the local
 * clock, plus the offset learned from the gateway's own `Date` header.
 *
 * Tests replace it: `overrideProvider(GatewayClock).useValue(new GatewayClock(() => fixedMs))`.
 */
@Injectable()
export class GatewayClock {
  readonly #now: () => number;
  #offset = 0;

  /** @param now the local time in milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** How far the gateway's clock is ahead of ours, in milliseconds; 0 until something was learned. */
  get offset(): number {
    return this.#offset;
  }

  /** The gateway's time in whole seconds since the epoch. */
  seconds(): number {
    return Math.floor((this.#now() + this.#offset) / 1000);
  }

  /**
   * Takes over the gateway's time from an HTTP `Date` header.
   * @returns whether the header was readable.
   */
  learn(date: string | undefined): boolean {
    const gatewayTime = date === undefined ? NaN : Date.parse(date);
    if (Number.isNaN(gatewayTime)) return false;
    this.#offset = gatewayTime - this.#now();
    return true;
  }
}
