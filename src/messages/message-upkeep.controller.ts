import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { OutboxError, SmsOutbox } from 'nestjs-laaffic-outbox';
import { Caller } from '../access/caller.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../errors/api-errors.js';
import { readDecision } from '../held/read-decision.js';
import { CountBody, ResolveBody } from '../held/resolve.body.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { KnownQuery, type Query } from '../http/known-query.js';
import { JOURNAL_COLUMNS, journalResponse } from '../journal/journal.schema.js';
import { heldMessagesResponse, rawQuery } from '../results/results.schema.js';
import { MESSAGE_RESULT_COLUMNS, shownResults } from '../results/shown-results.js';
import { LineStreams, RAW } from '../streams/line-streams.js';

@ApiTags('messages')
@Controller('v1/messages')
@ApiCommonErrors()
export class MessageUpkeepController {
  constructor(
    private readonly outbox: SmsOutbox,
    private readonly streams: LineStreams,
  ) {}

  /** The recipients of single messages that wait for a person's decision, oldest message first. */
  @Get('held')
  @ApiOperation({ summary: 'Whom a person has to decide about: perhaps sent to, and no proof came' })
  @ApiQuery(rawQuery)
  @ApiOkResponse(heldMessagesResponse)
  @ApiErrors({ 400: '`field` says what is wrong.' })
  async held(@KnownQuery([RAW]) _: Query, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.streams.write(request, response, shownResults(this.outbox.held()), MESSAGE_RESULT_COLUMNS);
  }

  @Post(':id/resolve')
  @HttpCode(HttpStatus.OK)
  @UseGuards(JsonBodyGuard)
  @ApiOperation({ summary: 'Decide about recipients that are held' })
  @ApiOkResponse({ type: CountBody })
  @ApiErrors({
    400: '`field` says what is wrong.',
    404: 'There is no message with this id.',
    409: 'It is a part of a campaign: decide there.',
  })
  @ApiBodyErrors()
  async resolve(@Param('id') id: string, @Caller() caller: string, @Body() body: ResolveBody): Promise<CountBody> {
    const options = readDecision(caller, body);
    await this.#requireSingle(id);
    return { recipients: await this.outbox.resolve(id, body.decision, options) };
  }

  /** What happened to a message, when and by whom. */
  @Get(':id/journal')
  @ApiOperation({ summary: 'What happened to a message, when and by whom, oldest first' })
  @ApiQuery(rawQuery)
  @ApiOkResponse(journalResponse)
  @ApiErrors({
    400: '`field` says what is wrong.',
    404: 'There is no message with this id.',
    409: 'It is a part of a campaign: ask there.',
  })
  async journal(
    @Param('id') id: string,
    @KnownQuery([RAW]) _: Query,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.#requireSingle(id);
    await this.streams.write(request, response, this.outbox.journal(id), JOURNAL_COLUMNS);
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND`, or `OUTBOX_WRONG_STATE` for a part of a campaign. */
  async #requireSingle(id: string): Promise<void> {
    const message = await this.outbox.find(id);
    if (message === undefined) throw new OutboxError('OUTBOX_NOT_FOUND', 'There is no such message');
    if (message.campaignId === undefined) return;
    throw new OutboxError('OUTBOX_WRONG_STATE', `It is a part of campaign ${message.campaignId}: ask and decide there`);
  }
}
