import { applyDecorators } from '@nestjs/common';
import { ApiCreatedResponse, ApiExtraModels, ApiHeader, ApiOperation, ApiQuery, getSchemaPath } from '@nestjs/swagger';
import { ApiBodyErrors, ApiErrors } from '../common/errors/api-errors.js';
import { CampaignWithProgressDto } from './dto/campaign.dto.js';
import { CreateCampaignDto, UPLOAD_FIELDS } from './dto/create-campaign.dto.js';

const requestBody = {
  required: true,
  content: {
    'application/json': {
      schema: { $ref: getSchemaPath(CreateCampaignDto) },
      example: {
        name: 'spring sale',
        content: 'Ten per cent off until Sunday',
        sendAt: 'now',
        recipients: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
      },
    },
    'text/csv': {
      schema: {
        type: 'string',
        description:
          'A header with `number` and, if there are any, `orderId`; other columns are ignored. Or a single column of ' +
          'numbers. In UTF-8, in UTF-16 with a byte order mark, or in the encoding of `charset`. Any number of rows; rows ' +
          'without a phone number are counted as invalid.',
        example: 'number,orderId\n91856321412,order-1\n91856321413,order-2\n',
      },
    },
    'application/x-ndjson': {
      schema: {
        type: 'string',
        description:
          'One line per recipient: a number as JSON text, or an object with `number` and `orderId`: ' +
          '`{"number":"91856321413","orderId":"order-2"}`. The example is one line including the quotes; add others below.',
        // The API page writes it as JSON text, which is the whole body here.
        example: '91856321412',
      },
    },
  },
};

/** Documents `POST /v1/campaigns`. */
export const ApiCreateCampaign = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(CreateCampaignDto),
    ApiOperation({
      summary: 'Store a campaign with all its recipients',
      description:
        'A JSON body holds everything. CSV and NDJSON bodies hold the recipients, and the query holds the other fields: ' +
        'uploads need `name` and `content` there. JSON takes no query.',
      requestBody,
    }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: '1 to 255 characters. The same upload with the same key continues an upload that was interrupted.',
    }),
    ...uploadQueries(),
    ApiCreatedResponse({
      type: CampaignWithProgressDto,
      headers: { Location: { description: 'The address of the campaign.', schema: { type: 'string' } } },
      description: '`progress.invalid` counts the entries without a valid number.',
    }),
    ApiErrors({
      400: '`field` names the invalid field; for an upload the message has the line.',
      408: 'The upload is too slow, or takes too long.',
      409: 'Another request is creating the campaign with this key.',
      422: 'The key was used for another campaign, or the upload differs from what is stored.',
      429: 'The caller has too many uploads in progress; retry after `Retry-After` seconds.',
      503: 'The database is unavailable: `OUTBOX_DATABASE_UNAVAILABLE`. Or too many uploads are in progress: `TOO_MANY_UPLOADS`.',
    }),
    ApiBodyErrors(),
  );

function uploadQueries(): MethodDecorator[] {
  return Object.entries(UPLOAD_FIELDS).map(([name, schema]) => {
    const description = 'description' in schema ? ` ${schema.description}` : '';
    return ApiQuery({ name, required: false, schema, description: `For uploads of CSV and NDJSON.${description}` });
  });
}
