import type { Database } from '../database/database.js';
import { readOptOutChanges, readOptOutVersion, type Purpose } from '../sql/generated.js';
import { NumberSet } from './number-set.js';

/** What is opted out of. The empty sender stands for all of an account. */
export const ALL_SENDERS = '';
/** Number of changes in one step. */
const STEP = 10_000;
/** How old the list may be where messages are enqueued. The worker looks again when it sends. */
const FRESH_MS = 1_000;

/** Whether messages for a purpose leave out people who have opted out. A login must not depend on an advertisement. */
export function respectsOptOuts(purpose: Purpose | undefined): boolean {
  return purpose !== 'otp' && purpose !== 'confirmation';
}

/** The opt-outs of an account, in memory: a worker compares every recipient with them. */
export class OptOutList {
  /** By sender. */
  readonly #numbers = new Map<string, NumberSet>();
  /** The last change that is in the list. */
  #version = 0n;
  /** The change after which to read on. */
  #after = { version: 0n, number: '', sender: '' };
  #reading: Promise<void> = Promise.resolve();
  #readAt = -Infinity;

  constructor(
    private readonly account: string,
    private readonly database: Pick<Database, 'run'>,
  ) {}

  /** Whether a number wants no messages of a sender. */
  has(number: string, senderId: string | undefined): boolean {
    if (this.#numbers.get(ALL_SENDERS)?.has(number) === true) return true;
    return senderId !== undefined && this.#numbers.get(senderId)?.has(number) === true;
  }

  /** Reads the changes up to a version at least. */
  async catchUp(version: string): Promise<void> {
    const wanted = BigInt(version);
    while (this.#version < wanted) {
      // One reading for all that wait.
      const reading = this.#reading.then(() => (this.#version < wanted ? this.#readStep(wanted) : undefined));
      this.#reading = reading.catch(() => undefined);
      await reading;
    }
  }

  /** Reads the changes if that was not done in the last second. @param now of a clock that is never set back. */
  async refresh(now: number): Promise<void> {
    if (now - this.#readAt < FRESH_MS) return;
    this.#readAt = now;
    const [row] = await this.database.run(readOptOutVersion, { account: this.account });
    if (row !== undefined) await this.catchUp(row.version);
  }

  async #readStep(wanted: bigint): Promise<void> {
    const { version, number: afterNumber, sender: afterSender } = this.#after;
    const page = { after: String(version), afterNumber, afterSender, limit: STEP };
    const rows = await this.database.run(readOptOutChanges, { account: this.account, ...page });
    for (const { number, sender, is_active: isActive } of rows) {
      let numbers = this.#numbers.get(sender);
      if (numbers === undefined) this.#numbers.set(sender, (numbers = new NumberSet()));
      if (isActive) numbers.add(number);
      else numbers.delete(number);
    }
    const last = rows.at(-1);
    if (last !== undefined && rows.length === STEP) {
      // There may be more of the same version.
      this.#after = { version: BigInt(last.version), number: last.number, sender: last.sender };
      return;
    }
    const read = last === undefined ? 0n : BigInt(last.version);
    this.#version = read > wanted ? read : wanted;
    this.#after = { version: this.#version + 1n, number: '', sender: '' };
  }
}
