import type { SandboxQuirks } from '../../options/sandbox-quirks.js';
import { Rejection } from '../../vendor/rejection.js';

/** Counts calls per second and messages per phone. Counts nothing while there is no limit. */
export class Throttle {
  #second = 0;
  #calls = 0;
  #period = 0;
  readonly #messages = new Map<string, number>();

  /** Counts a call and rejects it above the limit. */
  rejectCall(at: number, { maxRequestsPerSecond, tooManyRequests }: Readonly<SandboxQuirks>): Rejection | undefined {
    if (maxRequestsPerSecond === null) return undefined;
    const second = Math.floor(at / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#calls = 0;
    }
    this.#calls += 1;
    if (this.#calls <= maxRequestsPerSecond) return undefined;
    return new Rejection(tooManyRequests, `more than ${maxRequestsPerSecond} requests in a second`);
  }

  /** Rejects a message above the limit, or counts it. */
  rejectMessage(number: string, at: number, quirks: Readonly<SandboxQuirks>): Rejection | undefined {
    const { maxMessagesPerPhone, tooManyMessages, phonePeriodSeconds } = quirks;
    if (maxMessagesPerPhone === null) return undefined;
    const period = Math.floor(at / 1000 / phonePeriodSeconds);
    if (period !== this.#period) {
      this.#period = period;
      this.#messages.clear();
    }
    const count = this.#messages.get(number) ?? 0;
    if (count >= maxMessagesPerPhone) {
      return new Rejection(tooManyMessages, `more than ${maxMessagesPerPhone} messages to ${number}`);
    }
    this.#messages.set(number, count + 1);
    return undefined;
  }

  /** Uncounts the messages of a call that is rejected after all. */
  release(numbers: Iterable<string>): void {
    for (const number of numbers) {
      const count = this.#messages.get(number);
      if (count !== undefined) this.#messages.set(number, count - 1);
    }
  }

  clear(): void {
    this.#calls = 0;
    this.#messages.clear();
  }
}
