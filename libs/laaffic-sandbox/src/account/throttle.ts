import type { SandboxQuirks } from '../options/sandbox.quirks.js';
import { Refusal } from '../protocol/refusal.js';

/** Counts calls by second and messages by phone; counts nothing while there is no limit. */
export class Throttle {
  private second = 0;
  private calls = 0;
  private period = 0;
  private readonly messages = new Map<string, number>();

  refuseCall(at: number, { callsPerSecond, callsPerSecondAnswer }: Readonly<SandboxQuirks>): Refusal | null {
    if (callsPerSecond === null) return null;
    const second = Math.floor(at / 1000);
    if (second !== this.second) {
      this.second = second;
      this.calls = 0;
    }
    this.calls += 1;
    if (this.calls <= callsPerSecond) return null;
    return new Refusal(callsPerSecondAnswer, `more than ${callsPerSecond} calls in a second`);
  }

  /** Counts the message if it is not refused. */
  refuseMessage(number: string, at: number, quirks: Readonly<SandboxQuirks>): Refusal | null {
    const { messagesPerPhone, messagesPerPhoneAnswer, phonePeriod } = quirks;
    if (messagesPerPhone === null) return null;
    const period = Math.floor(at / 1000 / phonePeriod);
    if (period !== this.period) {
      this.period = period;
      this.messages.clear();
    }
    const sent = this.messages.get(number) ?? 0;
    if (sent >= messagesPerPhone) {
      return new Refusal(messagesPerPhoneAnswer, `more than ${messagesPerPhone} messages to ${number}`);
    }
    this.messages.set(number, sent + 1);
    return null;
  }

  /** Takes back what was counted for a call that is refused after all. */
  release(numbers: Iterable<string>): void {
    for (const number of numbers) {
      const sent = this.messages.get(number);
      if (sent !== undefined) this.messages.set(number, sent - 1);
    }
  }

  clear(): void {
    this.calls = 0;
    this.messages.clear();
  }
}
