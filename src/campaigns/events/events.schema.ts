import type { ApiResponseOptions } from '@nestjs/swagger';

export const eventsDescription =
  'An event `progress` at once and whenever a count has changed; comments in between. The stream ends with the event ' +
  'that says `done`, or `cancelled` with nothing under way. What is reported delivered after that is told by ' +
  '`/v1/campaigns/{id}` alone.';

/** The stream of events, for the API's readers. */
export const eventsResponse = {
  description: '`data` is a `ProgressBody` as JSON in one line; the `id` of the last event begins with `end-`.',
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
