import { applyDecorators } from '@nestjs/common';
import { ApiQuery, type ApiOperationOptions } from '@nestjs/swagger';
import { recipientSchema } from '../messages/send-message.body.js';

export const creationDescription =
  'JSON has everything in the body; CSV and NDJSON have the recipients there, and the rest in the query. Of the query ' +
  'fields below, uploads need `name` and `content`, and JSON takes none.';

const SEND_AT = 'When it begins: a time with its offset, or `now`. Without, it waits for `start`.';
const ONLY_UPLOADS = 'For uploads of CSV and NDJSON.';

/** Without examples and defaults: the page would send those of the query with a JSON body too, which is refused. */
const fields = {
  name: { type: 'string', minLength: 1, maxLength: 255 },
  content: { type: 'string', minLength: 1, maxLength: 1024 },
  senderId: { type: 'string', maxLength: 32 },
  sendAt: { type: 'string', description: SEND_AT },
  priority: { type: 'integer', description: 'Of the campaigns that run, the highest are sent first; else 0.' },
  duplicates: { type: 'string', enum: ['keep', 'refuse'], description: 'What happens to numbers that come again.' },
};

/** The three forms of a new campaign. */
export const creationRequestBody: NonNullable<ApiOperationOptions['requestBody']> = {
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['name', 'content', 'recipients'],
        properties: { ...fields, recipients: { type: 'array', minItems: 1, items: recipientSchema } },
        additionalProperties: false,
        example: {
          name: 'spring sale',
          content: 'Ten per cent off until Sunday',
          sendAt: 'now',
          recipients: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
        },
      },
    },
    'text/csv': {
      schema: {
        type: 'string',
        description:
          'A header that names `number` and, if there are any, `orderId`; other columns are left alone. Or a single ' +
          'column of numbers. Any number of rows; those without a phone number are counted as invalid.',
        example: 'number,orderId\n91856321412,order-1\n91856321413,order-2\n',
      },
    },
    'application/x-ndjson': {
      schema: {
        type: 'string',
        description:
          'A line for each recipient: a number, as JSON text, or an object with `number` and `orderId`: ' +
          '`{"number":"91856321413","orderId":"order-2"}`. The example is one line, quotes included; add others below it.',
        // The page writes it as JSON text, which here is the whole body.
        example: '91856321412',
      },
    },
  },
};

/** What an upload says beside its recipients. */
export const uploadQueries: MethodDecorator = applyDecorators(
  ...Object.entries(fields).map(([name, schema]) =>
    ApiQuery({
      name,
      required: false,
      schema,
      description: 'description' in schema ? `${ONLY_UPLOADS} ${schema.description}` : ONLY_UPLOADS,
    }),
  ),
);
