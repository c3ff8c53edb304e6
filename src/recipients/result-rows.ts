import type { ApiResponseOptions } from '@nestjs/swagger';
import type { OutboxRecipient } from 'nestjs-laaffic-outbox';

/** The columns of a recipient, in order. */
export const RESULT_COLUMNS = [
  'position',
  'line',
  'number',
  'orderId',
  'state',
  'msgId',
  'code',
  'reason',
  'input',
  'reportedAt',
  'gatewayTime',
  'sentAt',
  'price',
  'currency',
  'segments',
  'mcc',
  'mnc',
] as const;

/** What recipients on hold never have: a line in a file, and costs. */
const NEVER_HELD: readonly string[] = ['line', 'input', 'price', 'currency', 'segments', 'mcc', 'mnc'];

/** The columns of a recipient on hold. It has no line in a file, because it is not invalid. */
export const HELD_COLUMNS = [
  'id',
  'messageId',
  'campaignId',
  'reference',
  ...RESULT_COLUMNS.filter((column) => !NEVER_HELD.includes(column)),
] as const;

/** A recipient with its price in columns of its own. */
type ResultRow<Recipient extends OutboxRecipient> = Omit<Recipient, 'orderId' | 'price'> & {
  readonly orderId: string | undefined;
  readonly price: string | undefined;
  readonly currency: string | undefined;
  readonly segments: number | undefined;
};

/** Turns recipients into rows. An invalid entry without an order id has none in its row. */
export async function* toResultRows<Recipient extends OutboxRecipient>(
  recipients: AsyncIterable<Recipient>,
): AsyncGenerator<ResultRow<Recipient>, void, undefined> {
  for await (const recipient of recipients) {
    const { orderId, price, ...rest } = recipient;
    yield {
      ...rest,
      orderId: orderId === '' ? undefined : orderId,
      price: price?.total,
      currency: price?.currency,
      segments: price?.segments,
    };
  }
}

const LINES =
  'One line per recipient, with the fields `number`, `orderId`, `state`, `msgId`, `code`, `reason`, `reportedAt`, ' +
  '`gatewayTime` and `sentAt`, as far as they are known.';
const COSTS =
  '`price` is what the platform charges, an exact decimal in `currency`, for so many `segments`; `mcc` and `mnc` name the ' +
  'network. They are there if a report said so.';
const PLACES =
  '`position` comes first and counts entries from 0, without a header and blank rows. An invalid entry of an upload has ' +
  'its `line`, and `input` with the text of the entry, shortened and masked.';
const TIMES =
  '`reportedAt` is when the service learnt of a delivery or failure, `gatewayTime` when it happened according to the ' +
  'gateway. `sentAt` is when the request started, for unknown, held and abandoned recipients.';

const ndjson = {
  type: 'string',
  example:
    '{"position":0,"number":"91856321412","orderId":"order-1","state":"delivered","msgId":"2108021054011000095",' +
    '"reportedAt":"2026-01-31T09:00:05.612Z","gatewayTime":"2026-01-31T09:00:05.000Z","price":"0.02","currency":"EUR",' +
    '"segments":2,"mcc":"404","mnc":"10"}\n' +
    '{"position":1,"number":"91856321413","orderId":"order-2","state":"held","code":"LAAFFIC_TIMEOUT",' +
    '"reason":"no answer within 30 s","sentAt":"2026-01-31T09:00:00.000Z"}\n' +
    '{"position":2,"line":4,"orderId":"order-3","state":"invalid","code":"LAAFFIC_INVALID_COMMAND",' +
    '"reason":"number must be a phone number with country code: it contains “n”, which is not part of a number","input":"n/a"}\n',
};
const csv = {
  type: 'string',
  example:
    'position,line,number,orderId,state,msgId,code,reason,input,reportedAt,gatewayTime,sentAt,price,currency,segments,mcc,mnc\r\n' +
    '0,,91856321412,order-1,delivered,2108021054011000095,,,,2026-01-31T09:00:05.612Z,2026-01-31T09:00:05.000Z,,0.02,EUR,2,404,10\r\n',
};

/** The OpenAPI response of a list of recipients. */
export const resultsResponse = {
  description: `${LINES} CSV with \`Accept: text/csv\`. ${PLACES} ${TIMES} ${COSTS}`,
  content: { 'application/x-ndjson': { schema: ndjson }, 'text/csv': { schema: csv } },
} satisfies ApiResponseOptions;

/** The OpenAPI response of the list of all recipients on hold. */
export const heldResponse = {
  description: `${LINES} \`id\`, \`messageId\` or \`campaignId\`, \`reference\` and \`position\` come first. CSV with \`Accept: text/csv\`. ${TIMES}`,
  content: {
    'application/x-ndjson': {
      schema: {
        type: 'string',
        example:
          '{"id":"42.0","messageId":"42","reference":"order 7","position":0,"number":"91856321412","orderId":"order-1","state":"held",' +
          '"code":"LAAFFIC_TIMEOUT","reason":"no answer within 30 s","sentAt":"2026-01-31T09:00:00.000Z"}\n',
      },
    },
    'text/csv': {
      schema: {
        type: 'string',
        example:
          'id,messageId,campaignId,reference,position,number,orderId,state,msgId,code,reason,reportedAt,gatewayTime,sentAt\r\n' +
          '42.0,42,,order 7,0,91856321412,order-1,held,,LAAFFIC_TIMEOUT,no answer within 30 s,,,2026-01-31T09:00:00.000Z\r\n',
      },
    },
  },
} satisfies ApiResponseOptions;
