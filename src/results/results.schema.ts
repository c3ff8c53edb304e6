import type { ApiQueryOptions, ApiResponseOptions } from '@nestjs/swagger';
import { RECIPIENT_STATES } from './recipient-states.js';

const LINES =
  'A line for each, with the fields `number`, `orderId`, `state`, `msgId`, `code`, `reason`, `reportedAt`, ' +
  '`gatewayTime` and `sentAt`, as far as they are known.';
const PLACES =
  'Before them `position`, which counts entries from 0; a header and blank rows are none. An invalid entry has the ' +
  '`line` of an upload, and as `input` what stands there, cut and masked.';
const TIMES =
  '`reportedAt` is when the service heard of a delivery or failure, `gatewayTime` when that was in the words of the ' +
  'gateway. `sentAt`, when its request began, is there for those that are unknown, held or abandoned.';

const ndjson = {
  type: 'string',
  example:
    '{"position":0,"number":"91856321412","orderId":"order-1","state":"delivered","msgId":"2108021054011000095",' +
    '"reportedAt":"2026-01-31T09:00:05.612Z","gatewayTime":"2026-01-31T09:00:05.000Z"}\n' +
    '{"position":1,"number":"91856321413","orderId":"order-2","state":"held","code":"LAAFFIC_TIMEOUT",' +
    '"reason":"no answer within 30 s","sentAt":"2026-01-31T09:00:00.000Z"}\n' +
    '{"position":2,"line":4,"orderId":"order-3","state":"invalid","code":"LAAFFIC_INVALID_COMMAND",' +
    '"reason":"number must be a phone number with country code, 7 to 15 digits","input":"n/a"}\n',
};
const csv = {
  type: 'string',
  example:
    'position,line,number,orderId,state,msgId,code,reason,input,reportedAt,gatewayTime,sentAt\r\n' +
    '0,,91856321412,order-1,delivered,2108021054011000095,,,,2026-01-31T09:00:05.612Z,2026-01-31T09:00:05.000Z,\r\n',
};

/** For all lists that can be CSV. */
export const rawQuery = {
  name: 'raw',
  required: false,
  schema: { type: 'boolean' },
  description:
    'CSV puts an apostrophe where a spreadsheet would begin a formula, in front of `=`, `+`, `-`, `@`; uploads take it ' +
    'off again. `true` leaves the texts as they are, for programs. NDJSON always does.',
} satisfies ApiQueryOptions;

/** Streamed results, for the API's readers. */
export const resultsResponse = {
  description: `${LINES} CSV with \`Accept: text/csv\`. ${PLACES} ${TIMES}`,
  content: { 'application/x-ndjson': { schema: ndjson }, 'text/csv': { schema: csv } },
} satisfies ApiResponseOptions;

/** The same of single messages. */
export const heldMessagesResponse = {
  description: `${LINES} Before them \`messageId\`, \`reference\` and \`position\`. CSV with \`Accept: text/csv\`. ${TIMES}`,
  content: {
    'application/x-ndjson': {
      schema: {
        type: 'string',
        example:
          '{"messageId":"42","reference":"order 7","position":0,"number":"91856321412","orderId":"order-1","state":"held",' +
          '"code":"LAAFFIC_TIMEOUT","reason":"no answer within 30 s","sentAt":"2026-01-31T09:00:00.000Z"}\n',
      },
    },
    'text/csv': {
      schema: {
        type: 'string',
        example:
          'messageId,reference,position,number,orderId,state,msgId,code,reason,reportedAt,gatewayTime,sentAt\r\n' +
          '42,order 7,0,91856321412,order-1,held,,LAAFFIC_TIMEOUT,no answer within 30 s,,,2026-01-31T09:00:00.000Z\r\n',
      },
    },
  },
} satisfies ApiResponseOptions;

export const stateSchema = { type: 'string', enum: [...RECIPIENT_STATES] };
