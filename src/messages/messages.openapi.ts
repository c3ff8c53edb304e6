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
import { MessagesDto } from './dto/message-list.dto.js';
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
      422:
        'The gateway rejects this content or this number, or the key was used for another message. `OUTBOX_OPTED_OUT`: the ' +
        'recipient wants no messages.',
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

/** Documents `GET /v1/messages`. */
export const ApiListMessages = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'List single messages, newest first, or find the message or recipient with an order id',
      description:
        'Messages of campaigns are not listed. Lists by lane and time, number, or reference are fast, and so are rejected, ' +
        'cancelled, unknown, held and abandoned messages. With other states and combinations a request compares up to ' +
        '2,000 messages: a page may be short although `before` says that there are more.',
    }),
    ApiExtraModels(MessagesDto, MessageDto, RecipientDto),
    ApiOkResponse({
      schema: { oneOf: [MessagesDto, MessageDto, RecipientDto].map((dto) => ({ $ref: getSchemaPath(dto) })) },
      description: 'With `orderId` the recipient; the message, if the id was made for an attempt before the last one.',
    }),
    ApiErrors({ 400: '`field` names the invalid field.', 404: 'Nothing has this order id.' }),
  );

/** Documents a message, or one of its recipients, as the response. */
export const ApiMessageOrRecipient = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(MessageDto, RecipientDto),
    ApiOkResponse({
      schema: { oneOf: [MessageDto, RecipientDto].map((dto) => ({ $ref: getSchemaPath(dto) })) },
    }),
  );
