import { applyDecorators } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTooManyRequestsResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiBodyErrors, ApiErrors } from '../common/errors/api-errors.js';
import { ErrorDto } from '../common/errors/error.dto.js';
import { MessageDto, PendingMessageDto, RecipientDto } from './dto/message.dto.js';
import { SendMessageDto, sendExamples } from './dto/send-message.dto.js';
import { SentMessageDto } from './dto/sent-message.dto.js';

const LOCATION = { Location: { description: 'The address of the message.', schema: { type: 'string' } } };

/** Documents `POST /v1/messages`. */
export const ApiSendMessage = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'Send one text to one or many recipients' }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: '1 to 255 characters: requests with the same key send the message once.',
    }),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`respond-async`: do not wait for the outcome; the response is 202.',
    }),
    ApiBody({ type: SendMessageDto, examples: sendExamples }),
    ApiCreatedResponse({
      type: SentMessageDto,
      headers: LOCATION,
      description: 'The gateway accepted at least one recipient. Each recipient has its outcome.',
    }),
    ApiAcceptedResponse({
      type: PendingMessageDto,
      headers: {
        ...LOCATION,
        'Preference-Applied': {
          description: '`respond-async`, if the caller preferred it.',
          schema: { type: 'string' },
        },
      },
      description: 'The message is stored and will be sent. `Location` shows its state.',
    }),
    ApiErrors({
      400: 'A field is invalid; `field` names it. Nothing was sent.',
      409: 'The message was cancelled while the caller waited.',
      410: 'The message was not sent before `sendBefore`, and will not be sent.',
      422: 'The gateway rejects this content or this number, or the key was used for another message.',
      502: "A problem of the service's account, or an unreadable response of the gateway.",
      503:
        'The gateway or the database is not available. `SERVICE_BUSY`: the service has no capacity and did nothing; ' +
        'retry after `Retry-After` seconds.',
      504: '`outcome` is `unknown`: the message may have been sent.',
    }),
    ApiTooManyRequestsResponse({
      type: ErrorDto,
      headers: { 'Retry-After': { description: 'In seconds.', schema: { type: 'integer' } } },
      description: 'A limit of the gateway.',
    }),
    ApiBodyErrors(),
  );

/** Documents a message, or one of its recipients, as the response. */
export const ApiMessageOrRecipient = (description = ''): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(MessageDto, RecipientDto),
    ApiOkResponse({
      schema: { oneOf: [MessageDto, RecipientDto].map((dto) => ({ $ref: getSchemaPath(dto) })) },
      description,
    }),
  );
