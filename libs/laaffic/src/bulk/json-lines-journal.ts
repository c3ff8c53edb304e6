import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { BulkJournal, BulkRequest } from './bulk-journal.js';
import type { BulkReceipt } from './bulk-receipt.js';
import { JournalError } from './journal.error.js';
import { finishedLine, readLine, startedLine, type FinishedRequest, type JournalLine } from './journal-line.js';
import { Positions, type PositionRange } from './positions.js';

/**
 * A journal in a file of JSON Lines: a line for each request before it is sent, on the disk before the
 * request leaves, and one with what became of it. It holds whole numbers, and belongs to one run over
 * one source with one message.
 *
 * After a crash, open it again: what has a receipt is not sent again, and neither is what was started
 * and has none, for it may have been sent; that is `unsettled`.
 */
export class JsonLinesJournal implements BulkJournal {
  readonly #file: FileHandle;
  readonly #settled: Positions;
  readonly #unsettled: readonly BulkRequest[];
  /** Writes one after another, and none after one that failed: it may have left half a line. */
  #last: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, settled: Positions, unsettled: readonly BulkRequest[]) {
    this.#file = file;
    this.#settled = settled;
    this.#unsettled = unsettled;
  }

  /**
   * Opens a journal, or begins one. A last line that was cut off by a crash is removed.
   * @throws {JournalError} if a line is none of a journal's; nothing is changed then.
   * @throws what the file system throws.
   */
  static async open(path: string): Promise<JsonLinesJournal> {
    const file = await open(path, 'a+', 0o600);
    try {
      const settled = new Positions();
      const started = new Map<number, BulkRequest>();
      let whole = 0;
      for await (const { line, end } of linesOf(path)) {
        whole = end;
        if (line.event === 'started') {
          started.set(line.first, { first: line.first, count: line.count, orderIds: line.orderIds });
          continue;
        }
        started.delete(line.first);
        for (const [from, to] of line.settled) settled.add(from, to);
      }
      for (const { first, count } of started.values()) settled.add(first, first + count);
      const { size } = await file.stat();
      if (whole > size) await file.appendFile('\n');
      else await file.truncate(whole);
      return new JsonLinesJournal(file, settled, [...started.values()]);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Reads a journal back.
   * @throws {JournalError} at a line that is none of a journal's.
   */
  static async *read(path: string): AsyncGenerator<FinishedRequest, void, undefined> {
    for await (const { line } of linesOf(path)) if (line.event === 'finished') yield line;
  }

  /** What was settled when it was opened, `unsettled` included. */
  get settled(): readonly PositionRange[] {
    return this.#settled.ranges;
  }

  /**
   * The requests that were under way when a process died: they may have been sent. Their recipients are
   * those of the source at these positions; settle them by their order ids.
   */
  get unsettled(): readonly BulkRequest[] {
    return this.#unsettled;
  }

  async starting(request: BulkRequest): Promise<void> {
    await this.#append(startedLine(request));
  }

  async finished(receipt: BulkReceipt): Promise<void> {
    await this.#append(finishedLine(receipt));
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #append(line: string): Promise<void> {
    const append = this.#last.then(async () => {
      await this.#file.appendFile(line);
      await this.#file.datasync();
    });
    this.#last = append;
    return append;
  }
}

const BEGINNING = '{"event":"';

/** The whole lines of a journal, and where in the file each ends. */
async function* linesOf(path: string): AsyncGenerator<{ line: JournalLine; end: number }, void, undefined> {
  const stream = createReadStream(path, { encoding: 'utf8' });
  let [number, end, held]: [number, number, string | undefined] = [0, 0, undefined];
  for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (held !== undefined) {
      const line = readLine(held);
      if (line === undefined) throw new JournalError(path, number);
      end += Buffer.byteLength(held) + 1;
      yield { line, end };
    }
    held = text;
    number++;
  }
  if (held === undefined) return;
  const line = readLine(held);
  if (line !== undefined) yield { line, end: end + Buffer.byteLength(held) + 1 };
  // Cut off by a crash it may be, but not the last line of something else.
  else if (!BEGINNING.startsWith(held.slice(0, BEGINNING.length))) throw new JournalError(path, number);
}
