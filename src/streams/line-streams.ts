import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { invalidCommand } from 'nestjs-laaffic';
import { OutboxError } from 'nestjs-laaffic-outbox';
import { BusyException } from '../errors/busy.exception.js';
import { LINE_TYPES, linesOf, type Row } from './lines.js';
import { untilDrained } from './until-drained.js';

/** What the query may ask of any list: CSV as it is, for programs. */
export const RAW = 'raw';

/** Answers that are written at once; each holds what was read of a thousand recipients. */
const MOST_OPEN = 32;
/** In seconds, for those who find no place: not all the same, or all come back at once. */
const RETRY_AFTER = { least: 5, span: 10 };

/** The share of its time for which the event loop may be at work before lists slow down. */
const BUSY = 0.7;
/** Over so many milliseconds that share is measured. */
const SPAN = 100;
/** Milliseconds between pieces while it is. */
const REST = 25;

/** Answers of any length, a line for each row. */
@Injectable()
export class LineStreams {
  readonly #logger = new Logger('Streams');
  #open = 0;
  #refused = 0;
  #turn = Promise.resolve();
  #measured = performance.eventLoopUtilization();
  #isBusy = false;

  /**
   * Answers with a line for each row, no faster than the client reads; NDJSON unless it asks for `text/csv`. Cells of
   * CSV begin no formula in a spreadsheet, unless the query says `raw=true`. If reading them fails half-way, or the client does not read for 30 s, the connection is cut, so that nobody takes the half for
   * the whole.
   * @throws {LaafficInputException} if `raw` is neither `true` nor `false`.
   * @throws {BusyException} if as many answers are being written as may.
   * @throws what reading the first of them throws; nothing was answered.
   */
  async write<Column extends string>(
    request: Request,
    response: Response,
    rows: AsyncIterable<Row<Column>>,
    columns: readonly Column[],
  ): Promise<void> {
    if (this.#open >= MOST_OPEN) {
      const retryAfter = RETRY_AFTER.least + (this.#refused++ % RETRY_AFTER.span);
      const message = `The service is busy: ${this.#open} lists are being read. Ask again in ${retryAfter} s`;
      throw new BusyException(message, retryAfter);
    }
    this.#open++;
    try {
      const type = request.accepts([...LINE_TYPES]) === 'text/csv' ? 'text/csv' : 'application/x-ndjson';
      const pieces = linesOf(rows, columns, type, isRaw(request));
      await this.#ownTurn();
      const first = await pieces.next();
      response.setHeader('Content-Type', `${type}; charset=utf-8`);
      await this.#writeAll(response, join(first, pieces));
    } finally {
      this.#open--;
    }
  }

  /**
   * However many read, one piece is made in each turn of the event loop, and none for some time while the process has
   * hardly a moment to spare: lists can wait, and sending cannot.
   */
  #ownTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => (this.#isLoopBusy() ? wait(REST) : nextTurn()));
    return this.#turn;
  }

  #isLoopBusy(): boolean {
    const { utilization, active, idle } = performance.eventLoopUtilization(this.#measured);
    if (active + idle >= SPAN) {
      this.#isBusy = utilization > BUSY;
      this.#measured = performance.eventLoopUtilization();
    }
    return this.#isBusy;
  }

  async #writeAll(response: Response, pieces: AsyncGenerator<string, void, undefined>): Promise<void> {
    try {
      for await (const piece of pieces) {
        if (response.destroyed) return;
        if (!response.write(piece)) await untilDrained(response);
        await this.#ownTurn();
      }
      response.end();
    } catch (error) {
      if (!response.destroyed) this.#logger.error({ event: 'a stream broke off', code: codeOf(error) });
      response.destroy();
    }
  }
}

function isRaw({ query }: Request): boolean {
  const { raw = 'false' } = query;
  if (raw === 'true' || raw === 'false') return raw === 'true';
  throw invalidCommand([{ field: RAW, problem: 'must be true or false' }]);
}

/** Never the words of an error, which may repeat values. */
function codeOf(error: unknown): string {
  if (error instanceof OutboxError) return error.code;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

async function* join(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  // An empty piece would count as nothing having been answered.
  if (first.done !== true && first.value !== '') yield first.value;
  for await (const piece of rest) if (piece !== '') yield piece;
}
