import type { ApiResponseOptions } from '@nestjs/swagger';

/** The columns of an entry, in order. */
export const HISTORY_COLUMNS = ['at', 'event', 'actor', 'chunkId', 'attempt', 'detail'] as const;

/** The OpenAPI response of a history. */
export const historyResponse = {
  description:
    'One line per entry: `at`, `event`, `actor` (a worker, or the name of an API key with the person that the caller ' +
    'named: `ann (key shop)`), and if there are any `chunkId` (recipients of one request), `attempt` and `detail`. CSV with ' +
    '`Accept: text/csv`.',
  content: {
    'application/x-ndjson': {
      schema: {
        type: 'string',
        example:
          '{"at":"2026-01-31T09:00:00.000Z","event":"sending","actor":"host.17.0f3a9c","chunkId":"42","attempt":1}\n' +
          '{"at":"2026-01-31T09:16:00.000Z","event":"held","actor":"host.17.0f3a9c","chunkId":"42","attempt":1}\n',
      },
    },
    'text/csv': {
      schema: {
        type: 'string',
        example: 'at,event,actor,chunkId,attempt,detail\r\n2026-01-31T09:00:00.000Z,sending,host.17.0f3a9c,42,1,\r\n',
      },
    },
  },
} satisfies ApiResponseOptions;
