import {
  Body,
  Controller,
  Get,
  HttpCode,
  HttpStatus,
  Logger,
  Param,
  Post,
  Query,
  UseGuards,
  type StreamableFile,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { maskNumber, type SmsReceipt } from 'nestjs-laaffic';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { Caller } from '../common/auth/caller.js';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { ClientAbort } from '../common/http/client-abort.js';
import { JsonBodyGuard } from '../common/http/json-body.guard.js';
import { Reply } from '../common/http/reply.js';
import { AcceptsCsv, IdempotencyKey, PrefersAsync } from '../common/http/request-headers.js';
import { RowStreams } from '../common/streams/row-streams.js';
import { ListQueryDto } from '../recipients/dto/list-query.dto.js';
import { RecipientCountDto, ResolveHeldDto, resolveOptionsOf } from '../recipients/dto/resolve-held.dto.js';
import { HISTORY_COLUMNS, historyResponse } from '../recipients/history-rows.js';
import { MessagesQueryDto, requireOnlyFilter, type MessagesDto } from './dto/message-list.dto.js';
import { MessageDto, type PendingMessageDto, type RecipientDto } from './dto/message.dto.js';
import { SendMessageDto } from './dto/send-message.dto.js';
import type { SentMessageDto } from './dto/sent-message.dto.js';
import { AdmissionGuard, AdmittedSlot, type SendSlot } from './message-admission.js';
import { ApiListMessages, ApiMessageOrRecipient, ApiSendMessage } from './messages.openapi.js';
import { MessagesService } from './messages.service.js';
import { notAcceptedError } from './not-accepted.js';

@ApiTags('messages')
@Controller('v1/messages')
@ApiCommonErrors()
export class MessagesController {
  readonly #logger = new Logger(MessagesController.name);

  constructor(
    private readonly messages: MessagesService,
    private readonly outbox: SmsOutbox,
    private readonly streams: RowStreams,
  ) {}

  @Post()
  @RequireScope('messages:send')
  @UseGuards(JsonBodyGuard, AdmissionGuard)
  @ApiSendMessage()
  async send(
    @Body() message: SendMessageDto,
    @Caller() caller: string,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @PrefersAsync() isAsync: boolean,
    @AdmittedSlot() slot: SendSlot,
    @ClientAbort() clientAbort: AbortSignal,
  ): Promise<Reply<SentMessageDto | PendingMessageDto>> {
    const context = { actor: caller, idempotencyKey, isAsync, slot, clientAbort };
    const { id, receipt } = await this.messages.send(message, context);
    const location = `/v1/messages/${id}`;
    if (receipt === undefined) {
      return new Reply(
        { id, status: 'pending', location },
        {
          status: HttpStatus.ACCEPTED,
          headers: { Location: location, 'Preference-Applied': isAsync ? 'respond-async' : undefined },
        },
      );
    }
    if (receipt.accepted.length === 0) throw notAcceptedError(receipt, location);
    this.#log(receipt);
    const { accepted, rejected, unknown } = receipt;
    return new Reply(
      { id, accepted: [...accepted], rejected: [...rejected], unknown: [...unknown] },
      { headers: { Location: location } },
    );
  }

  @Get()
  @RequireScope('messages:read')
  @ApiListMessages()
  async list(@Query() query: MessagesQueryDto): Promise<MessagesDto | MessageDto | RecipientDto> {
    const { orderId, ...filter } = query;
    requireOnlyFilter(query);
    return orderId === undefined ? this.outbox.list(filter) : this.messages.findByOrderId(orderId);
  }

  @Get(':id')
  @RequireScope('messages:read')
  @ApiOperation({
    summary: 'Find a message by its id, or a recipient by its order id',
    description: 'A numeric order id may be the id of another message: use `/v1/messages?orderId=…` for it.',
  })
  @ApiMessageOrRecipient()
  @ApiErrors({ 404: 'There is no message with this id or order id.' })
  find(@Param('id') id: string): Promise<MessageDto | RecipientDto> {
    return this.messages.find(id);
  }

  @Post(':id/cancel')
  @RequireScope('messages:send')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Cancel the recipients that have not been sent yet' })
  @ApiOkResponse({ type: MessageDto, description: 'The message. Recipients that are being sent are not cancelled.' })
  @ApiErrors({ 404: 'There is no message with this id.' })
  cancel(@Param('id') id: string, @Caller() caller: string): Promise<MessageDto> {
    return this.messages.cancel(id, caller);
  }

  @Get(':id/history')
  @RequireScope('messages:read')
  @ApiOperation({ summary: 'List the history of a message with times and actors, oldest first' })
  @ApiOkResponse(historyResponse)
  @ApiErrors({
    400: '`field` names the invalid field.',
    404: 'There is no message with this id.',
    409: 'The message is a part of a campaign: use the history of the campaign.',
  })
  async history(
    @Param('id') id: string,
    @Query() { raw }: ListQueryDto,
    @AcceptsCsv() isCsv: boolean,
  ): Promise<StreamableFile> {
    await this.messages.requireSingle(id);
    return this.streams.open(this.outbox.getHistory(id), HISTORY_COLUMNS, { isCsv, isRaw: raw });
  }

  @Post(':id/resolve')
  @RequireScope('held:resolve')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({ summary: 'Decide about held recipients' })
  @ApiOkResponse({ type: RecipientCountDto })
  @ApiErrors({
    400: '`field` names the invalid field.',
    404: 'There is no message with this id.',
    409: 'The message is a part of a campaign: decide there.',
  })
  @ApiBodyErrors()
  async resolve(
    @Param('id') id: string,
    @Caller() caller: string,
    @Body() decision: ResolveHeldDto,
  ): Promise<RecipientCountDto> {
    await this.messages.requireSingle(id);
    const options = resolveOptionsOf(caller, decision);
    return { recipientCount: await this.outbox.resolveHeld(id, decision.decision, options) };
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
