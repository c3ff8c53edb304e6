import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { OutboxError } from 'nestjs-laaffic-outbox';
import { LINE_TYPES, linesOf, type Row } from './lines.js';

const logger = new Logger('Streams');

/**
 * Answers with a line for each row, no faster than the client reads; NDJSON unless it asks for `text/csv`. If reading them
 * fails half-way, the connection is cut, so that nobody takes the half for the whole.
 * @throws what reading the first of them throws; nothing was answered.
 */
export async function streamLines<Column extends string>(
  request: Request,
  response: Response,
  rows: AsyncIterable<Row<Column>>,
  columns: readonly Column[],
): Promise<void> {
  const type = request.accepts([...LINE_TYPES]) === 'text/csv' ? 'text/csv' : 'application/x-ndjson';
  const pieces = linesOf(rows, columns, type);
  const first = await pieces.next();
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  try {
    await pipeline(Readable.from(join(first, pieces), { highWaterMark: 1 }), response);
  } catch (error) {
    if (codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE') return;
    logger.error({ event: 'a stream broke off', code: codeOf(error) });
  }
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
