import { applyDecorators } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  getSchemaPath,
  type ApiResponseOptions,
} from '@nestjs/swagger';
import { ApiBodyErrors, ApiErrors } from '../common/errors/api-errors.js';
import { AddedOptOutDto, AddOptOutDto, IMPORT_FIELDS, ImportedOptOutsDto } from './dto/opt-out.dto.js';

/** The columns of an opt-out, in order. */
export const OPT_OUT_COLUMNS = [
  'number',
  'senderId',
  'reason',
  'actor',
  'since',
  'endedAt',
  'endedBy',
  'consent',
] as const;

/** The OpenAPI response of the list of all opt-outs. */
export const optOutsResponse = {
  description:
    'One line per opt-out, by number: `number`, `senderId`, `reason`, `actor`, `since`, and if it has ended `endedAt`, ' +
    '`endedBy` and `consent`. CSV with `Accept: text/csv`.',
  content: {
    'application/x-ndjson': {
      schema: {
        type: 'string',
        example:
          '{"number":"91856321412","reason":"reply","actor":"recipient","since":"2026-01-31T09:00:00.000Z"}\n' +
          '{"number":"91856321413","senderId":"ACME","reason":"asked by phone","actor":"ann (key shop)",' +
          '"since":"2026-01-31T09:00:00.000Z"}\n',
      },
    },
    'text/csv': {
      schema: {
        type: 'string',
        example:
          'number,senderId,reason,actor,since,endedAt,endedBy,consent\r\n' +
          '91856321412,,reply,recipient,2026-01-31T09:00:00.000Z,,,\r\n',
      },
    },
  },
} satisfies ApiResponseOptions;

const requestBody = {
  required: true,
  content: {
    'application/json': {
      schema: { $ref: getSchemaPath(AddOptOutDto) },
      example: { number: '+91 8563 21412', reason: 'asked by phone', actor: 'ann' },
    },
    'text/csv': {
      schema: {
        type: 'string',
        description:
          'A header with `number`; other columns are ignored. Or a single column of numbers. In UTF-8, in UTF-16 with a ' +
          'byte order mark, or in the encoding of `charset`.',
        example: 'number\n91856321412\n91856321413\n',
      },
    },
    'application/x-ndjson': {
      schema: {
        type: 'string',
        description:
          'One line per number: a number as JSON text, or an object with `number`. With `numberColumn` an object may have ' +
          'other fields.',
        // The API page writes it as JSON text, which is the whole body here.
        example: '91856321412',
      },
    },
  },
};

/** Documents `POST /v1/opt-outs`. */
export const ApiAddOptOuts = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(AddOptOutDto, AddedOptOutDto, ImportedOptOutsDto),
    ApiOperation({
      summary: 'Add an opt-out, or import any number of them',
      description:
        'A JSON body is one opt-out; one that has ended begins again. CSV and NDJSON bodies are imports, with the other ' +
        'fields in the query. An import ends no opt-out, and brings none back that has ended. JSON takes no query.',
      requestBody,
    }),
    ...Object.entries(IMPORT_FIELDS).map(([name, schema]) =>
      ApiQuery({ name, required: false, schema, description: `For imports of CSV and NDJSON. ${schema.description}` }),
    ),
    ApiCreatedResponse({ type: AddedOptOutDto, description: 'The opt-out is new, or has begun again.' }),
    ApiOkResponse({
      schema: { oneOf: [AddedOptOutDto, ImportedOptOutsDto].map((dto) => ({ $ref: getSchemaPath(dto) })) },
      description: 'The opt-out was active before. For an import: what it has done.',
    }),
    ApiErrors({
      400: '`field` names the invalid field; for an import the message has the line. Numbers before that line may be added.',
      408: 'The upload is too slow, or takes too long.',
      429: 'The caller has too many uploads in progress; retry after `Retry-After` seconds.',
      503: 'The database is unavailable: `OUTBOX_DATABASE_UNAVAILABLE`. Or too many uploads are in progress: `TOO_MANY_UPLOADS`.',
    }),
    ApiBodyErrors(),
  );
