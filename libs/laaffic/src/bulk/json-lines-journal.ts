import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { BulkJournal, BulkRequest } from './bulk-journal.js';
import type { BulkReceipt, Outcomes } from './bulk-receipt.js';
import { Positions, type PositionRange } from './positions.js';

/** The result of one request, as a journal stores it. */
export interface FinishedRequest extends Outcomes {
  readonly first: number;
  readonly count: number;
  readonly dropped: number;
  readonly processed: readonly PositionRange[];
  /** Why recipients were rejected or are unknown, if it was one failure. */
  readonly failure?: { readonly code: string; readonly outcome: string; readonly status?: number };
}

/** A file that is not the journal of a bulk run. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code = 'LAAFFIC_JOURNAL_UNREADABLE';

  /** @param line counted from 1. */
  constructor(
    readonly path: string,
    readonly line: number,
  ) {
    super(
      `Line ${line} of ${path} is not a line of a journal. Give the journal of this run, or another path to start one.`,
    );
  }
}

/**
 * Stores a bulk run in a file of JSON Lines, so that the run can be resumed after a crash. Each request has a line that is
 * on the disk before the request is sent, and another line with its result. The file has whole numbers. It belongs to one
 * run with one source and one message.
 *
 * After a crash, open the file again. Requests with a result are not sent again. Requests that were started and have no
 * result are not sent again either, because they may have been sent; they are `unfinished`.
 * @example
 * await using journal = await JsonLinesJournal.open('sale.jsonl');
 * await sms.sendBulk(numbers, { content: 'Sale!' }, { journal }).drain();
 */
export class JsonLinesJournal implements BulkJournal {
  readonly #file: FileHandle;
  readonly #processed: Positions;
  readonly #unfinished: readonly BulkRequest[];
  /** Writes run one after another, and none after one that failed: it may have left half a line. */
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, processed: Positions, unfinished: readonly BulkRequest[]) {
    this.#file = file;
    this.#processed = processed;
    this.#unfinished = unfinished;
  }

  /**
   * Opens a journal, or starts a new one. Removes a last line that a crash cut off.
   * @throws {JournalError} if a line is not a line of a journal; the file is not changed then.
   * @throws errors of the file system.
   */
  static async open(path: string): Promise<JsonLinesJournal> {
    const file = await open(path, 'a+', 0o600);
    try {
      const processed = new Positions();
      const started = new Map<number, BulkRequest>();
      let completeBytes = 0;
      for await (const { line, end } of readLines(path)) {
        completeBytes = end;
        if (line.event === 'started') {
          started.set(line.first, { first: line.first, count: line.count, orderIds: line.orderIds });
          continue;
        }
        started.delete(line.first);
        for (const [from, to] of line.processed) processed.add(from, to);
      }
      for (const { first, count } of started.values()) processed.add(first, first + count);
      const { size } = await file.stat();
      if (completeBytes > size) await file.appendFile('\n');
      else await file.truncate(completeBytes);
      return new JsonLinesJournal(file, processed, [...started.values()]);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Reads the results in a journal.
   * @throws {JournalError} at a line that is not a line of a journal.
   * @example
   * for await (const { rejected } of JsonLinesJournal.read('sale.jsonl')) console.log(rejected.length);
   */
  static async *read(path: string): AsyncGenerator<FinishedRequest, void, undefined> {
    for await (const { line } of readLines(path)) if (line.event === 'finished') yield line;
  }

  /** The positions that were processed when the journal was opened, `unfinished` ones included. */
  get processed(): readonly PositionRange[] {
    return this.#processed.ranges;
  }

  /**
   * The requests that were in flight when a process died: they may have been sent. Their recipients are those of the
   * source at these positions; resolve them by their order ids.
   */
  get unfinished(): readonly BulkRequest[] {
    return this.#unfinished;
  }

  async starting(request: BulkRequest): Promise<void> {
    await this.#append(startedLine(request));
  }

  async finished(receipt: BulkReceipt): Promise<void> {
    await this.#append(finishedLine(receipt));
  }

  async close(): Promise<void> {
    await this.#lastWrite.catch(() => undefined);
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #append(line: string): Promise<void> {
    const write = this.#lastWrite.then(async () => {
      await this.#file.appendFile(line);
      await this.#file.datasync();
    });
    this.#lastWrite = write;
    return write;
  }
}

type JournalLine = ({ readonly event: 'started' } & BulkRequest) | ({ readonly event: 'finished' } & FinishedRequest);

/** How each line starts. */
const LINE_START = '{"event":"';

/** Reads the complete lines of a journal, and the position in the file where each ends. */
async function* readLines(path: string): AsyncGenerator<{ line: JournalLine; end: number }, void, undefined> {
  const stream = createReadStream(path, { encoding: 'utf8' });
  let [number, end, held]: [number, number, string | undefined] = [0, 0, undefined];
  for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (held !== undefined) {
      const line = parseLine(held);
      if (line === undefined) throw new JournalError(path, number);
      end += Buffer.byteLength(held) + 1;
      yield { line, end };
    }
    held = text;
    number++;
  }
  if (held === undefined) return;
  const line = parseLine(held);
  if (line !== undefined) yield { line, end: end + Buffer.byteLength(held) + 1 };
  // A crash may have cut the last line off, but the line must be a journal's.
  else if (!LINE_START.startsWith(held.slice(0, LINE_START.length))) throw new JournalError(path, number);
}

/** @returns `undefined` if the text is not a line of a journal. */
function parseLine(text: string): JournalLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<JournalLine> | null;
    if (line === null || !isPosition(line.first) || !isPosition(line.count)) return undefined;
    if (line.event === 'started') return typeof line.orderIds === 'string' ? (line as JournalLine) : undefined;
    if (line.event !== 'finished' || !isPosition(line.dropped)) return undefined;
    const lists: unknown[] = [line.accepted, line.rejected, line.unknown, line.processed];
    if (!lists.every(Array.isArray)) return undefined;
    new Positions(line.processed);
    return line as JournalLine;
  } catch {
    return undefined;
  }
}

function isPosition(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function startedLine({ first, count, orderIds }: BulkRequest): string {
  return toLine({ event: 'started', first, count, orderIds });
}

function finishedLine(receipt: BulkReceipt): string {
  const { first, count, dropped, processed, accepted, rejected, unknown, exception } = receipt;
  const { code, outcome, status } = exception ?? {};
  return toLine({
    event: 'finished',
    ...{ first, count, dropped, processed, accepted, rejected, unknown },
    ...(code === undefined || outcome === undefined
      ? {}
      : { failure: { code, outcome, ...(status === undefined ? {} : { status }) } }),
  });
}

function toLine(line: JournalLine): string {
  return `${JSON.stringify(line)}\n`;
}
