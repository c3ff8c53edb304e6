import { Injectable } from '@nestjs/common';

/** The header has whole seconds: on average its time is half a second ago. */
const HALF_A_SECOND = 500;

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
  #observed = 0;

  /** @param now the local time in milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** By how many milliseconds requests are signed ahead of our clock; 0 until the gateway refused our time. */
  get offset(): number {
    return this.#offset;
  }

  /** How far the gateway's clock was ahead of ours at the last answer, in milliseconds, to the second; 0 if that told no time. */
  get observed(): number {
    return this.#observed;
  }

  /** The gateway's time in whole seconds since the epoch. */
  seconds(): number {
    return Math.floor((this.#now() + this.#offset) / 1000);
  }

  /**
   * Takes note of the gateway's time from an HTTP `Date` header, without signing by it. Without a readable one the last
   * is forgotten: either clock may have been set since.
   * @returns whether the header was readable.
   */
  observe(date: string | undefined): boolean {
    const gatewayTime = date === undefined ? NaN : Date.parse(date);
    if (Number.isNaN(gatewayTime)) {
      this.#observed = 0;
      return false;
    }
    this.#observed = gatewayTime + HALF_A_SECOND - this.#now();
    return true;
  }

  /**
   * Takes over the gateway's time from an HTTP `Date` header, and signs by it from now on.
   * @returns whether the header was readable.
   */
  learn(date: string | undefined): boolean {
    if (!this.observe(date)) return false;
    this.#offset = this.#observed;
    return true;
  }
}
