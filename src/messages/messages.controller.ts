import { Body, Controller, Get, Logger, NotFoundException, Param, Post, Query } from '@nestjs/common';
import {
  ApiBadGatewayResponse,
  ApiBadRequestResponse,
  ApiCreatedResponse,
  ApiGatewayTimeoutResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { LaafficException, maskNumber, SmsService, UseLaafficErrors, type SmsReceipt } from 'nestjs-laaffic';
import { MessageBody } from './message.body.js';
import { MessageLog, type KnownMessage } from './message.log.js';
import { ReceiptBody } from './receipt.body.js';
import { SendMessageBody } from './send-message.body.js';

@ApiTags('messages')
@Controller('v1/messages')
@UseLaafficErrors()
export class MessagesController {
  readonly #logger = new Logger(MessagesController.name);

  constructor(
    private readonly sms: SmsService,
    private readonly log: MessageLog,
  ) {}

  /** Sends one text to one or many recipients. */
  @Post()
  @ApiOperation({ summary: 'Send one text to one or many recipients' })
  @ApiCreatedResponse({ type: ReceiptBody, description: 'At least one recipient was accepted; each has its outcome.' })
  @ApiBadRequestResponse({ description: 'The message is wrong; `field` says where. Nothing was sent.' })
  @ApiUnprocessableEntityResponse({ description: 'The gateway refuses this content or this number.' })
  @ApiTooManyRequestsResponse({ description: 'A limit of the gateway; wait for `Retry-After` seconds.' })
  @ApiBadGatewayResponse({ description: "Trouble with the service's account, or an unreadable answer." })
  @ApiServiceUnavailableResponse({ description: 'The gateway cannot take it now.' })
  @ApiGatewayTimeoutResponse({ description: '`outcome` is `unknown`: it may have been sent.' })
  async send(@Body() body: SendMessageBody): Promise<SmsReceipt> {
    const receipt = await this.sms.send(body).catch((error: unknown) => {
      if (error instanceof LaafficException && error.receipt !== undefined) this.log.record(error.receipt);
      throw error;
    });
    this.log.record(receipt);
    const { accepted, rejected, unknown } = receipt;
    const [first] = accepted;
    this.#logger.log({
      event: 'message sent',
      to: first && maskNumber(first.number),
      accepted: accepted.length,
      rejected: rejected.length,
      unknown: unknown.length,
    });
    return receipt;
  }

  /** Where a message is: by the platform's reports, or, if asked to, by asking it now. */
  @Get(':orderId')
  @ApiOperation({ summary: 'Where a message is' })
  @ApiQuery({ name: 'refresh', required: false, description: 'Ask the platform now.' })
  @ApiOkResponse({ type: MessageBody })
  @ApiNotFoundResponse({ description: 'This process has sent no message with this orderId.' })
  async find(@Param('orderId') orderId: string, @Query('refresh') refresh?: string): Promise<KnownMessage> {
    const { msgId } = this.known(orderId);
    if (refresh !== undefined && refresh !== 'false' && msgId !== undefined) {
      for (const report of await this.sms.reports([msgId])) this.log.report(report);
    }
    return this.known(orderId);
  }

  private known(orderId: string): KnownMessage {
    const message = this.log.find(orderId);
    if (message === undefined) throw new NotFoundException('No message with this orderId is known here');
    return message;
  }
}
