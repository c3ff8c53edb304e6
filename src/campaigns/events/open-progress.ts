import { HttpStatus } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { CampaignProgress } from 'nestjs-laaffic-outbox';
import { hasHeardEnd, isOver, writeProgress } from './progress-events.js';

/**
 * Answers with readings as server-sent events, until there are no more of them. A client that comes back after the
 * last one, as browsers do by themselves, is told by 204 not to come again.
 * @throws what the first reading throws; nothing was answered.
 */
export async function openProgress(
  request: Request,
  response: Response,
  readings: AsyncGenerator<CampaignProgress, void, undefined>,
): Promise<void> {
  const lastId = request.headersDistinct['last-event-id']?.[0] ?? '';
  const first = await readings.next();
  if (first.done === true || (hasHeardEnd(lastId) && isOver(first.value))) {
    await readings.return();
    response.status(HttpStatus.NO_CONTENT).end();
    return;
  }
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  // nginx would gather events.
  response.setHeader('X-Accel-Buffering', 'no');
  response.flushHeaders();
  try {
    await writeProgress(response, join(first.value, readings), { lastId });
    response.end();
  } catch {
    // The client comes back by itself, with the id of the last event that it got.
    response.destroy();
  }
}

async function* join<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}
