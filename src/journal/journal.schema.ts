import type { ApiResponseOptions } from '@nestjs/swagger';

/** What the line of an entry has, in this order. */
export const JOURNAL_COLUMNS = ['at', 'event', 'by', 'chunkId', 'attempt', 'detail'] as const;

/** A journal, for the API's readers. */
export const journalResponse = {
  description:
    'A line for each entry: `at`, `event`, `by` (a worker, or a caller by the name of its key and whom it named: `shop (ann)`), and, as far as there are any, ' +
    '`chunkId` (recipients that go in one request), `attempt` and `detail`. CSV with `Accept: text/csv`.',
  content: {
    'application/x-ndjson': {
      schema: {
        type: 'string',
        example:
          '{"at":"2026-01-31T09:00:00.000Z","event":"sending","by":"host.17.0f3a9c","chunkId":"42","attempt":1}\n' +
          '{"at":"2026-01-31T09:16:00.000Z","event":"held","by":"host.17.0f3a9c","chunkId":"42","attempt":1}\n',
      },
    },
    'text/csv': {
      schema: {
        type: 'string',
        example: 'at,event,by,chunkId,attempt,detail\r\n2026-01-31T09:00:00.000Z,sending,host.17.0f3a9c,42,1,\r\n',
      },
    },
  },
} satisfies ApiResponseOptions;
