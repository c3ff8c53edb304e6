import { Body, Controller, Get, HttpCode, HttpStatus, Logger, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  ApiTooManyRequestsResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { invalidCommand, maskNumber, type SmsReceipt } from 'nestjs-laaffic';
import { OutboxError, SmsOutbox } from 'nestjs-laaffic-outbox';
import { Caller } from '../access/caller.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../errors/api-errors.js';
import { doneBefore } from '../errors/done-before.js';
import { ErrorBody } from '../errors/error.body.js';
import { IdempotencyKey } from '../http/idempotency-key.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { KnownQuery, type Query } from '../http/known-query.js';
import { prefersAsync } from '../http/preferences.js';
import { MessageBody, messageBody, PendingMessageBody, RecipientBody, recipientBody } from './message.body.js';
import { PlaceGuard } from './message-admission.js';
import { MessageSender } from './message.sender.js';
import { nobodyAccepted } from './nobody-accepted.js';
import { ReceiptBody } from './receipt.body.js';
import { SendMessageBody, sendExamples } from './send-message.body.js';

/** What can be an order id; nothing else is looked for. */
const ORDER_ID = /^[^\s,\p{C}]{1,64}$/u;

const LOCATION = { Location: { description: 'Where the message is.', schema: { type: 'string' } } };
const ONE_OR_ALL = { oneOf: [MessageBody, RecipientBody].map((body) => ({ $ref: getSchemaPath(body) })) };

@ApiTags('messages')
@Controller('v1/messages')
@ApiCommonErrors()
@ApiExtraModels(MessageBody, RecipientBody)
export class MessagesController {
  readonly #logger = new Logger(MessagesController.name);

  constructor(
    private readonly sender: MessageSender,
    private readonly outbox: SmsOutbox,
  ) {}

  /** Sends one text to one or many recipients. */
  @Post()
  @ApiOperation({ summary: 'Send one text to one or many recipients' })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: '1 to 255 characters: the same key sends the message once, however often it is asked for.',
  })
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: '`respond-async`: do not wait for the outcome; the answer is 202.',
  })
  @ApiBody({ type: SendMessageBody, examples: sendExamples })
  @UseGuards(JsonBodyGuard, PlaceGuard)
  @ApiCreatedResponse({
    type: ReceiptBody,
    headers: LOCATION,
    description: 'At least one recipient was accepted; each has its outcome.',
  })
  @ApiAcceptedResponse({
    type: PendingMessageBody,
    headers: {
      ...LOCATION,
      'Preference-Applied': { description: '`respond-async`, if that was asked for.', schema: { type: 'string' } },
    },
    description: 'It is taken and will be sent; `Location` says what becomes of it.',
  })
  @ApiErrors({
    400: 'The message is wrong; `field` says where. Nothing was sent.',
    409: 'It was cancelled while it waited.',
    410: 'It was not sent before `sendBefore`, and will not be.',
    422: 'The gateway refuses this content or this number, or the key was given to another message.',
    502: "Trouble with the service's account, or an unreadable answer.",
    503: 'The gateway, or the database, cannot take it now. `SERVICE_BUSY`: the service has enough to do, and nothing was done; `Retry-After` says when to ask again.',
    504: '`outcome` is `unknown`: it may have been sent.',
  })
  @ApiTooManyRequestsResponse({
    type: ErrorBody,
    headers: { 'Retry-After': { description: 'In seconds.', schema: { type: 'integer' } } },
    description: 'A limit of the gateway.',
  })
  @ApiBodyErrors()
  async send(
    @Body() body: SendMessageBody,
    @Caller() caller: string,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SmsReceipt | PendingMessageBody> {
    const isAsync = prefersAsync(request);
    const { id, receipt } = await this.sender.send(body, { actor: caller, idempotencyKey, isAsync, response });
    const location = `/v1/messages/${id}`;
    response.setHeader('Location', location);
    if (receipt === undefined) {
      response.status(HttpStatus.ACCEPTED);
      if (isAsync) response.setHeader('Preference-Applied', 'respond-async');
      return { id, status: 'pending', location };
    }
    if (receipt.accepted.length === 0) {
      const { exception, retryAfter } = nobodyAccepted(receipt);
      if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
      throw exception;
    }
    this.#log(receipt);
    return receipt;
  }

  /** The recipient with an order id, where that could be taken for the id of a message. */
  @Get()
  @ApiOperation({ summary: 'Where the message with an order id of your own is' })
  @ApiQuery({ name: 'orderId', required: true })
  @ApiOkResponse({
    schema: ONE_OR_ALL,
    description: 'All recipients only where the id was made for an attempt before the last one.',
  })
  @ApiErrors({ 400: 'There is no `orderId`, or another field.', 404: 'There is none.' })
  async findByOrderId(@KnownQuery(['orderId']) { orderId }: Query): Promise<RecipientBody | MessageBody> {
    if (typeof orderId !== 'string') throw invalidCommand([{ field: 'orderId', problem: 'must be given once' }]);
    return found(await this.#ofOrderId(orderId));
  }

  /** Where a message is, sent by whatever instance. */
  @Get(':id')
  @ApiOperation({
    summary: 'Where a message is: by its id all its recipients, by an order id that one',
    description:
      'An order id that is a number may be the id of another message, and `held` is a list: ask ' +
      '`/v1/messages?orderId=…` for them.',
  })
  @ApiOkResponse({ schema: ONE_OR_ALL })
  @ApiErrors({ 404: 'There is no message with this id or order id.' })
  async find(@Param('id') id: string): Promise<MessageBody | RecipientBody> {
    const message = await this.outbox.find(id);
    return found(message === undefined ? await this.#ofOrderId(id) : messageBody(message));
  }

  /** Never sends a message that still waits. */
  @Post(':id/cancel')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Never send a message that still waits' })
  @ApiOkResponse({ type: MessageBody, description: 'The message; what had been begun is not taken back.' })
  @ApiErrors({ 404: 'There is no message with this id.' })
  async cancel(@Param('id') id: string, @Caller() caller: string): Promise<MessageBody> {
    await this.outbox.cancel(id, caller);
    const message = await this.outbox.find(id).catch((error: unknown) => {
      throw error instanceof OutboxError ? doneBefore(error) : error;
    });
    return messageBody(found(message));
  }

  async #ofOrderId(orderId: string): Promise<RecipientBody | MessageBody | undefined> {
    const message = ORDER_ID.test(orderId) ? await this.outbox.findByOrderId(orderId) : undefined;
    if (message === undefined) return undefined;
    const recipient = message.recipients.find((one) => one.orderId === orderId);
    // One that was made for an attempt before the last one.
    return recipient === undefined ? messageBody(message) : recipientBody(recipient);
  }

  #log({ accepted, rejected, unknown }: SmsReceipt): void {
    const [first] = accepted;
    this.#logger.log({
      event: 'message sent',
      to: first && maskNumber(first.number),
      accepted: accepted.length,
      rejected: rejected.length,
      unknown: unknown.length,
    });
  }
}

/** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
function found<T>(what: T | undefined): T {
  if (what === undefined) throw new OutboxError('OUTBOX_NOT_FOUND', 'There is no such message');
  return what;
}
