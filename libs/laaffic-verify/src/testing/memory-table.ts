import type { SqlTransaction } from 'nestjs-laaffic-outbox';

/** A transaction of tables in memory. It holds each row that it has written, until it ends. */
export class MemoryTransaction implements SqlTransaction {
  /** Resolves when the transaction has ended, in either way. */
  readonly ended: Promise<void>;
  #end!: () => void;
  #isOver = false;
  #waitsFor: MemoryTransaction | undefined;
  readonly #rows: ((isCommitted: boolean) => void)[] = [];

  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** @throws {Error} always: there is no database. */
  query(): Promise<never> {
    return Promise.reject(new Error('A transaction in memory runs no SQL'));
  }

  /** @throws {Error} if the transaction has ended. */
  checkOpen(): void {
    if (this.#isOver) throw new Error('The transaction has ended');
  }

  /** @param release is called with `true` when the transaction commits, and with `false` when it is rolled back. */
  hold(release: (isCommitted: boolean) => void): void {
    this.#rows.push(release);
  }

  /**
   * Waits until another transaction has ended.
   * @throws {Error} if that one waits for this one.
   */
  async waitFor(other: MemoryTransaction): Promise<void> {
    for (let next = other.#waitsFor; next !== undefined; next = next.#waitsFor)
      if (next === this) throw new Error('Two transactions wait for each other');
    this.#waitsFor = other;
    await other.ended;
    this.#waitsFor = undefined;
  }

  end(isCommitted: boolean): void {
    this.#isOver = true;
    for (const release of this.#rows) release(isCommitted);
    this.#end();
  }
}

interface Row<T> {
  value: T | undefined;
  /** What all but the holder see. */
  committed: T | undefined;
  holder: MemoryTransaction | undefined;
}

/** Each insertion looks at so many old rows. One for each new row would never catch up. */
const LOOKS = 2;

/**
 * A table in memory. Its values are immutable. It forgets rows that are not needed any more: each insertion looks at a
 * few old ones, so no call looks at all of them.
 */
export class MemoryTable<T> {
  readonly #rows = new Map<string, Row<T>>();
  #sweep = this.#rows.entries();

  /** @param isNeeded whether a row still matters at a time. */
  constructor(private readonly isNeeded: (value: T, now: number) => boolean) {}

  /** Number of rows, with those that will be forgotten. */
  get size(): number {
    return this.#rows.size;
  }

  /** The transaction that others have to wait for before they write the row. */
  holderOf(key: string): MemoryTransaction | undefined {
    return this.#rows.get(key)?.holder;
  }

  /** The row as a transaction sees it: with its own changes, and without those that others have not committed. */
  find(key: string, transaction?: MemoryTransaction): T | undefined {
    const row = this.#rows.get(key);
    if (row === undefined) return undefined;
    return row.holder === undefined || row.holder === transaction ? row.value : row.committed;
  }

  /** All rows as everyone but a holder sees them. */
  all(): (readonly [string, T])[] {
    return [...this.#rows].flatMap(([key, { holder, value, committed }]) => {
      const seen = holder === undefined ? value : committed;
      return seen === undefined ? [] : [[key, seen] as const];
    });
  }

  /** Lets a transaction hold a row that is there, as if it had written it. */
  hold(key: string, transaction: MemoryTransaction): void {
    const row = this.#rows.get(key);
    if (row !== undefined && row.holder === undefined) this.#hold(key, row, transaction);
  }

  /** Writes a row that no other transaction holds. @param value `undefined` deletes it. */
  set(key: string, value: T | undefined, now: number, transaction?: MemoryTransaction): void {
    let row = this.#rows.get(key);
    if (row === undefined) {
      this.#forget(now);
      row = { value: undefined, committed: undefined, holder: undefined };
      this.#rows.set(key, row);
    }
    if (transaction !== undefined && row.holder === undefined) this.#hold(key, row, transaction);
    row.value = value;
    if (row.holder === undefined && value === undefined) this.#rows.delete(key);
  }

  #hold(key: string, row: Row<T>, transaction: MemoryTransaction): void {
    row.holder = transaction;
    row.committed = row.value;
    transaction.hold((isCommitted) => {
      if (!isCommitted) row.value = row.committed;
      row.committed = undefined;
      row.holder = undefined;
      if (row.value === undefined) this.#rows.delete(key);
    });
  }

  #forget(now: number): void {
    for (let count = 0; count < LOOKS; count++) {
      const { value: entry, done } = this.#sweep.next();
      if (done === true) {
        this.#sweep = this.#rows.entries();
        return;
      }
      const [key, { value, holder }] = entry;
      if (holder === undefined && value !== undefined && !this.isNeeded(value, now)) this.#rows.delete(key);
    }
  }
}
