import { PassThrough } from 'node:stream';
import type { StreamableFile } from '@nestjs/common';
import type { ApiResponseOptions } from '@nestjs/swagger';
import type { CampaignProgress } from 'nestjs-laaffic-outbox';
import { streamedBody } from '../../common/streams/streamed-body.js';
import { hasSeenEnd, isOver, writeProgress } from './progress-events.js';

export const eventsDescription =
  'Sends an event `progress` at once and whenever a count changes, with comments in between. The stream ends with the ' +
  'event whose state is `done`, or `cancelled` with nothing in flight. Later delivery reports show in ' +
  '`/v1/campaigns/{id}` only.';

/** The OpenAPI response of the stream. */
export const eventsResponse = {
  description: '`data` is a `ProgressDto` as JSON in one line; the `id` of the last event starts with `end-`.',
  content: {
    'text/event-stream': {
      schema: {
        type: 'string',
        example:
          'id: 0f3nJ1xV9aQy-T2c\nevent: progress\ndata: {"id":"7","state":"running","startedAt":"2026-01-31T09:00:00.000Z",' +
          '"total":2,"pending":1,"sending":0,"accepted":1,"delivered":0,"failed":0,"rejected":0,"invalid":0,' +
          '"cancelled":0,"unknown":0,"held":0,"abandoned":0}\n\n',
      },
    },
  },
} satisfies ApiResponseOptions;

/**
 * Opens a response body that holds readings as server-sent events.
 * @param onEnd is called when no more readings are needed.
 * @returns `undefined` if the client has already seen the last event. A response 204 tells it not to reconnect, which
 * browsers do by themselves.
 * @throws the error of the first reading.
 */
export async function openProgress(
  readings: AsyncGenerator<CampaignProgress, void, undefined>,
  lastEventId: string,
  onEnd: () => void,
): Promise<StreamableFile | undefined> {
  try {
    const first = await readings.next();
    if (first.done === true || (hasSeenEnd(lastEventId) && isOver(first.value))) {
      await readings.return();
      onEnd();
      return undefined;
    }
    const stream = new PassThrough();
    void writeAll(stream, join(first.value, readings), lastEventId).finally(onEnd);
    return streamedBody(stream, 'text/event-stream');
  } catch (error) {
    onEnd();
    throw error;
  }
}

async function writeAll(
  stream: PassThrough,
  readings: AsyncIterable<CampaignProgress>,
  lastEventId: string,
): Promise<void> {
  try {
    await writeProgress(stream, readings, { lastEventId });
    stream.end();
  } catch (error) {
    // The client reconnects by itself, with the id of the last event that it got.
    stream.destroy(error as Error);
  }
}

async function* join<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first;
  yield* rest;
}
