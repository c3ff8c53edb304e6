import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, type StreamableFile } from '@nestjs/common';
import { errorCodeOf } from '../errors/error-code.js';
import { BusyException } from '../errors/service.exception.js';
import { formatRows, type Row, type RowFormat } from './rows.js';
import { streamedBody } from './streamed-body.js';
import { untilDrained } from './until-drained.js';

/** How many lists are written at once. Each holds a thousand recipients in memory. */
const MAX_OPEN = 32;
/** The value of `Retry-After` varies, because otherwise all rejected callers would return at once. */
const RETRY_AFTER_SECONDS = { min: 5, span: 10 };

/** The utilization of the event loop at which lists slow down. */
const BUSY_UTILIZATION = 0.7;
/** The period over which the utilization is measured. */
const MEASURE_MS = 100;
/** The pause between pieces while the event loop is busy. */
const PAUSE_MS = 25;

/** Streams lists of any length, one row per line. */
@Injectable()
export class RowStreams {
  readonly #logger = new Logger('Streams');
  #open = 0;
  #rejected = 0;
  #turn = Promise.resolve();
  #measured = performance.eventLoopUtilization();
  #isBusy = false;

  /**
   * Opens a response body that holds one line per row, written no faster than the client reads. If reading the rows
   * fails half-way, or the client does not read for 30 s, the connection is closed, so that the client can tell that rows
   * are missing.
   * @throws {BusyException} if too many lists are open.
   * @throws the error of reading the first rows.
   */
  async open<Column extends string>(
    rows: AsyncIterable<Row<Column>>,
    columns: readonly Column[],
    format: RowFormat,
  ): Promise<StreamableFile> {
    if (this.#open >= MAX_OPEN) {
      const retryAfterSeconds = RETRY_AFTER_SECONDS.min + (this.#rejected++ % RETRY_AFTER_SECONDS.span);
      const message = `The service is busy: ${this.#open} lists are open. Retry in ${retryAfterSeconds} s`;
      throw new BusyException(message, retryAfterSeconds);
    }
    this.#open++;
    try {
      const pieces = formatRows(rows, columns, format);
      await this.#ownTurn();
      const first = await pieces.next();
      const stream = new PassThrough();
      void this.#writeAll(stream, join(first, pieces));
      return streamedBody(stream, format.isCsv ? 'text/csv' : 'application/x-ndjson');
    } catch (error) {
      this.#open--;
      throw error;
    }
  }

  /**
   * Lets one piece be made in each turn of the event loop, and pauses while the loop is busy: lists can wait, and sending
   * cannot.
   */
  #ownTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => (this.#isLoopBusy() ? wait(PAUSE_MS) : nextTurn()));
    return this.#turn;
  }

  #isLoopBusy(): boolean {
    const { utilization, active, idle } = performance.eventLoopUtilization(this.#measured);
    if (active + idle >= MEASURE_MS) {
      this.#isBusy = utilization > BUSY_UTILIZATION;
      this.#measured = performance.eventLoopUtilization();
    }
    return this.#isBusy;
  }

  async #writeAll(stream: PassThrough, pieces: AsyncGenerator<string, void, undefined>): Promise<void> {
    try {
      for await (const piece of pieces) {
        if (stream.destroyed) return;
        if (!stream.write(piece)) await untilDrained(stream);
        await this.#ownTurn();
      }
      stream.end();
    } catch (error) {
      // The message of the error may repeat values.
      if (!stream.destroyed) {
        this.#logger.error({ event: 'a stream broke off', code: errorCodeOf(error) ?? 'unknown' });
      }
      stream.destroy(error as Error);
    } finally {
      this.#open--;
    }
  }
}

async function* join(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  if (first.done !== true) yield first.value;
  yield* rest;
}
