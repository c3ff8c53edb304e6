import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OutboxError, SmsInbox, type InboxEntry, type InboxFilter } from 'nestjs-laaffic-outbox';
import { actorOf, Caller } from '../common/auth/caller.js';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { notFound, readAfterChange } from '../common/errors/outbox-errors.js';
import { JsonBodyGuard } from '../common/http/json-body.guard.js';
import {
  InboundMessageDto,
  InboundPageDto,
  InboundQueryDto,
  InboundSearchDto,
  ReviewInboundDto,
} from './dto/inbound.dto.js';

const DEFAULT_LIMIT = 50;

@ApiTags('replies and opt-outs')
@Controller('v1/inbound')
@ApiCommonErrors()
export class InboundController {
  constructor(private readonly inbox: SmsInbox) {}

  @Get()
  @RequireScope('inbound:read')
  @ApiOperation({ summary: 'List what people have written, newest first' })
  @ApiOkResponse({ type: InboundPageDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  list(@Query() { type, before, limit }: InboundQueryDto): Promise<InboundPageDto> {
    return this.#page({ type, before, limit });
  }

  @Post('search')
  @RequireScope('inbound:read')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({
    summary: 'List what one person has written, newest first',
    description: 'The number is in the body, because proxies write addresses to their logs.',
  })
  @ApiOkResponse({ type: InboundPageDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  @ApiBodyErrors()
  search(@Body() { number, type, before, limit }: InboundSearchDto): Promise<InboundPageDto> {
    return this.#page({ number, type: type ?? undefined, before: before ?? undefined, limit: limit ?? DEFAULT_LIMIT });
  }

  @Get(':id')
  @RequireScope('inbound:read')
  @ApiOperation({ summary: 'Show a message that a person has written' })
  @ApiOkResponse({ type: InboundMessageDto })
  @ApiErrors({ 404: 'There is no message with this id.' })
  find(@Param('id') id: string): Promise<InboundMessageDto> {
    return this.#get(id);
  }

  @Post(':id/review')
  @RequireScope('inbound:review')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({ summary: 'Decide what an unclear message means' })
  @ApiOkResponse({ type: InboundMessageDto })
  @ApiErrors({
    400: '`field` names the invalid field.',
    404: 'There is no message with this id.',
    409: '`OUTBOX_WRONG_STATE`: the message is not unclear, or is erased.',
  })
  @ApiBodyErrors()
  async review(
    @Param('id') id: string,
    @Caller() caller: string,
    @Body() { type, actor }: ReviewInboundDto,
  ): Promise<InboundMessageDto> {
    if (!(await this.inbox.review(id, type, { actor: actorOf(caller, actor) }))) {
      await this.#get(id);
      throw new OutboxError('OUTBOX_WRONG_STATE', 'The message is not unclear, or is erased');
    }
    return readAfterChange(() => this.#get(id));
  }

  async #page(filter: InboxFilter & { readonly limit: number }): Promise<InboundPageDto> {
    const messages = await this.inbox.list(filter);
    const last = messages.length === filter.limit ? messages.at(-1) : undefined;
    return { messages, ...(last === undefined ? {} : { before: last.id }) };
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async #get(id: string): Promise<InboxEntry> {
    const entry = await this.inbox.find(id);
    if (entry === undefined) throw notFound('inbound message');
    return entry;
  }
}
