import { Injectable } from '@nestjs/common';

/** The longest time-out of `setTimeout` in milliseconds. It does not wait at all if it is given more. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The `Date` header has whole seconds: on average its time is half a second old. */
const HALF_A_SECOND_MS = 500;

/**
 * The one place where time enters the module: the local clock, plus the offset learned from the gateway's `Date` header.
 * @example
 * // In a test:
 * overrideProvider(GatewayClock).useValue(new GatewayClock(() => fixedMs));
 */
@Injectable()
export class GatewayClock {
  readonly #now: () => number;
  #offsetMs = 0;
  #measuredOffsetMs = 0;

  /** @param now returns the local time in milliseconds since the epoch. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Milliseconds by which requests are signed ahead of the local clock; 0 until the gateway rejected our time. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /**
   * Milliseconds by which the gateway's clock was ahead of ours at the last response, exact to the second; 0 if that
   * response had no readable `Date`.
   */
  get measuredOffsetMs(): number {
    return this.#measuredOffsetMs;
  }

  /** The gateway's time in whole seconds since the epoch. */
  seconds(): number {
    return Math.floor((this.#now() + this.#offsetMs) / 1000);
  }

  /**
   * Records the gateway's time from an HTTP `Date` header, without signing by it. An unreadable header removes the last
   * record, because either clock may have been set since.
   * @returns whether the header was readable.
   */
  recordServerDate(date: string | undefined): boolean {
    const gatewayTime = date === undefined ? NaN : Date.parse(date);
    if (Number.isNaN(gatewayTime)) {
      this.#measuredOffsetMs = 0;
      return false;
    }
    this.#measuredOffsetMs = gatewayTime + HALF_A_SECOND_MS - this.#now();
    return true;
  }

  /**
   * Takes the gateway's time from an HTTP `Date` header and signs by it from now on.
   * @returns whether the header was readable.
   */
  synchronize(date: string | undefined): boolean {
    if (!this.recordServerDate(date)) return false;
    this.#offsetMs = this.#measuredOffsetMs;
    return true;
  }
}
