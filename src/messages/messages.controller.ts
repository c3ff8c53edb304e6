import { Body, Controller, Logger, Post } from '@nestjs/common';
import {
  ApiBadGatewayResponse,
  ApiBadRequestResponse,
  ApiCreatedResponse,
  ApiGatewayTimeoutResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { maskNumber, SmsService, UseLaafficErrors, type SmsReceipt } from 'nestjs-laaffic';
import { ReceiptBody } from './receipt.body.js';
import { SendMessageBody } from './send-message.body.js';

@ApiTags('messages')
@Controller('v1/messages')
@UseLaafficErrors()
export class MessagesController {
  readonly #logger = new Logger(MessagesController.name);

  constructor(private readonly sms: SmsService) {}

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
    const receipt = await this.sms.send(body);
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
}
