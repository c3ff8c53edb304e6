import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { OutboxRecipient } from 'nestjs-laaffic-outbox';
import { RESULT_TYPES, resultLines } from './result-lines.js';

const logger = new Logger('CampaignResults');

/**
 * Answers with recipients, no faster than the client reads; NDJSON unless it asks for `text/csv`. If reading them
 * fails half-way, the connection is cut, so that nobody takes the half for the whole.
 * @throws what reading the first of them throws; nothing was answered.
 */
export async function streamResults(
  request: Request,
  response: Response,
  recipients: AsyncIterable<OutboxRecipient>,
): Promise<void> {
  const type = request.accepts([...RESULT_TYPES]) === 'text/csv' ? 'text/csv' : 'application/x-ndjson';
  const pieces = resultLines(recipients, type);
  const first = await pieces.next();
  response.setHeader('Content-Type', `${type}; charset=utf-8`);
  try {
    await pipeline(Readable.from(join(first, pieces), { highWaterMark: 1 }), response);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isGone) logger.error('Results could not be read to their end', error instanceof Error ? error.stack : error);
  }
}

async function* join(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  // An empty piece would count as nothing having been answered.
  if (first.done !== true && first.value !== '') yield first.value;
  for await (const piece of rest) if (piece !== '') yield piece;
}
