import { applyDecorators } from '@nestjs/common';
import { ApiQuery, type ApiOperationOptions } from '@nestjs/swagger';
import { recipientSchema } from '../messages/send-message.body.js';

const SEND_AT = 'When it begins: a time with its offset, or `now`. Without, it waits for `start`.';
const ONLY_UPLOADS = 'For uploads of CSV and NDJSON.';

const fields = {
  name: { type: 'string', minLength: 1, maxLength: 255, example: 'spring sale' },
  content: { type: 'string', minLength: 1, maxLength: 1024, example: 'Ten per cent off until Sunday' },
  senderId: { type: 'string', maxLength: 32, example: 'ACME' },
  sendAt: { type: 'string', description: SEND_AT, example: 'now' },
  priority: { type: 'integer', default: 0, description: 'Of the campaigns that run, the highest are sent first.' },
  duplicates: { type: 'string', enum: ['keep', 'refuse'], default: 'keep' },
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
        description: 'A line for each recipient: a number, or an object with `number` and `orderId`.',
        example: '"91856321412"\n{"number":"91856321413","orderId":"order-2"}\n',
      },
    },
  },
};

/** What an upload says beside its recipients. */
export const uploadQueries: MethodDecorator = applyDecorators(
  ...Object.entries(fields).map(([name, schema]) =>
    ApiQuery({ name, required: false, schema, description: ONLY_UPLOADS }),
  ),
);
