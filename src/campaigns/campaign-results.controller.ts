import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { ApiCommonErrors, ApiErrors } from '../errors/api-errors.js';
import { KnownQuery, type Query } from '../http/known-query.js';
import { JOURNAL_COLUMNS, journalResponse } from '../journal/journal.schema.js';
import { rawQuery, resultsResponse, stateSchema } from '../results/results.schema.js';
import { RESULT_COLUMNS, shownResults } from '../results/shown-results.js';
import { Stopping } from '../shutdown/stopping.js';
import { untilGone } from '../shutdown/until-gone.js';
import { LineStreams, RAW } from '../streams/line-streams.js';
import { eventsDescription, eventsResponse } from './events/events.schema.js';
import { openProgress } from './events/open-progress.js';
import { readResultsQuery } from './results-query.js';

@ApiTags('campaigns')
@Controller('v1/campaigns/:id')
@ApiCommonErrors()
export class CampaignResultsController {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly stopping: Stopping,
    private readonly streams: LineStreams,
  ) {}

  /** What became of each recipient, in the order of the source. */
  @Get('results')
  @ApiOperation({ summary: 'What became of each recipient, in the order in which they were given' })
  @ApiQuery({ name: 'state', required: false, schema: stateSchema })
  @ApiQuery({
    name: 'after',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description: 'Only those behind this position.',
  })
  @ApiQuery(rawQuery)
  @ApiOkResponse(resultsResponse)
  @ApiErrors({ 400: '`field` says what is wrong.', 404: 'There is no campaign with this id.' })
  async results(
    @Param('id') id: string,
    @KnownQuery(['state', 'after', RAW]) query: Query,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const results = this.campaigns.results(id, readResultsQuery(query));
    await this.streams.write(request, response, shownResults(results), RESULT_COLUMNS);
  }

  /** The recipients that wait for a person's decision. */
  @Get('held')
  @ApiOperation({ summary: 'Whom a person has to decide about: perhaps sent to, and no proof came' })
  @ApiQuery(rawQuery)
  @ApiOkResponse(resultsResponse)
  @ApiErrors({ 400: '`field` says what is wrong.', 404: 'There is no campaign with this id.' })
  async held(
    @Param('id') id: string,
    @KnownQuery([RAW]) _: Query,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.streams.write(request, response, shownResults(this.campaigns.held(id)), RESULT_COLUMNS);
  }

  /** What happened to the campaign, when and by whom. */
  @Get('journal')
  @ApiOperation({ summary: 'What happened to the campaign, when and by whom, oldest first' })
  @ApiQuery(rawQuery)
  @ApiOkResponse(journalResponse)
  @ApiErrors({ 400: '`field` says what is wrong.', 404: 'There is no campaign with this id.' })
  async journal(
    @Param('id') id: string,
    @KnownQuery([RAW]) _: Query,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.streams.write(request, response, this.campaigns.journal(id), JOURNAL_COLUMNS);
  }

  /** How far the campaign is, whenever that has changed, until it is done. */
  @Get('events')
  @ApiOperation({
    summary: 'How far the campaign is, as server-sent events, until it is over',
    description: eventsDescription,
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The `id` of the last event that came: it is not told again. Browsers send it by themselves.',
  })
  @ApiOkResponse(eventsResponse)
  @ApiNoContentResponse({ description: 'The campaign is over, and `Last-Event-ID` is that of its last event.' })
  @ApiErrors({ 404: 'There is no campaign with this id.' })
  async events(@Param('id') id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await untilGone(response, this.stopping.begun, (signal) =>
      openProgress(request, response, this.campaigns.watch(id, { signal })),
    );
  }
}
