import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  Logger,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadGatewayResponse,
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiGatewayTimeoutResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnprocessableEntityResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { maskNumber, type SmsReceipt } from 'nestjs-laaffic';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { UseServiceErrors } from '../errors/use-service-errors.js';
import { IdempotencyKey } from '../http/idempotency-key.js';
import { prefersAsync } from '../http/preferences.js';
import { MessageBody, messageBody, PendingMessageBody, RecipientBody, recipientBody } from './message.body.js';
import { MessageSender } from './message.sender.js';
import { nobodyAccepted } from './nobody-accepted.js';
import { ReceiptBody } from './receipt.body.js';
import { SendMessageBody } from './send-message.body.js';

/** What can be an order id; nothing else is looked for. */
const ORDER_ID = /^[^\s,\p{C}]{1,64}$/u;

@ApiTags('messages')
@Controller('v1/messages')
@UseServiceErrors()
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
  @ApiCreatedResponse({ type: ReceiptBody, description: 'At least one recipient was accepted; each has its outcome.' })
  @ApiAcceptedResponse({
    type: PendingMessageBody,
    description: 'It is taken and will be sent; `Location` says what becomes of it.',
  })
  @ApiBadRequestResponse({ description: 'The message is wrong; `field` says where. Nothing was sent.' })
  @ApiConflictResponse({ description: 'It was cancelled while it waited.' })
  @ApiUnprocessableEntityResponse({
    description: 'The gateway refuses this content or this number, or the key was given to another message.',
  })
  @ApiTooManyRequestsResponse({ description: 'A limit of the gateway; wait for `Retry-After` seconds.' })
  @ApiBadGatewayResponse({ description: "Trouble with the service's account, or an unreadable answer." })
  @ApiServiceUnavailableResponse({ description: 'The gateway, or the database, cannot take it now.' })
  @ApiGatewayTimeoutResponse({ description: '`outcome` is `unknown`: it may have been sent.' })
  async send(
    @Body() body: SendMessageBody,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SmsReceipt | PendingMessageBody> {
    const isAsync = prefersAsync(request);
    const { id, receipt } = await this.sender.send(body, { idempotencyKey, isAsync, response });
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
  @ApiOkResponse({ type: RecipientBody })
  @ApiNotFoundResponse({ description: 'There is none.' })
  async findByOrderId(@Query('orderId') orderId: unknown): Promise<RecipientBody | MessageBody> {
    const found = typeof orderId === 'string' ? await this.#ofOrderId(orderId) : undefined;
    if (found === undefined) throw new NotFoundException('No message with this orderId is known');
    return found;
  }

  /** Where a message is, sent by whatever instance. */
  @Get(':id')
  @ApiOperation({
    summary: 'Where a message is: by its id all its recipients, by an order id that one',
    description: 'An order id that is a number may be the id of another message: ask `/v1/messages?orderId=…` for it.',
  })
  @ApiOkResponse({ schema: { oneOf: [MessageBody, RecipientBody].map((body) => ({ $ref: getSchemaPath(body) })) } })
  @ApiNotFoundResponse({ description: 'There is no message with this id or order id.' })
  async find(@Param('id') id: string): Promise<MessageBody | RecipientBody> {
    const message = await this.outbox.find(id);
    const found = message === undefined ? await this.#ofOrderId(id) : messageBody(message);
    if (found === undefined) throw new NotFoundException('No message with this id or orderId is known');
    return found;
  }

  /** Never sends a message that still waits. */
  @Post(':id/cancel')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Never send a message that still waits' })
  @ApiOkResponse({ type: MessageBody, description: 'The message; what had been begun is not taken back.' })
  @ApiNotFoundResponse({ description: 'There is no message with this id.' })
  async cancel(@Param('id') id: string): Promise<MessageBody> {
    await this.outbox.cancel(id, 'api');
    const message = await this.outbox.find(id);
    if (message === undefined) throw new NotFoundException('No message with this id is known');
    return messageBody(message);
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
