import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { invalidCommand } from 'nestjs-laaffic';
import { SmsCampaigns, type ResultsFilter } from 'nestjs-laaffic-outbox';
import { UseServiceErrors } from '../errors/use-service-errors.js';
import { RECIPIENT_STATES } from '../messages/message.body.js';
import { Stopping } from '../shutdown/stopping.js';
import { untilGone } from '../shutdown/until-gone.js';
import { openProgress } from './events/open-progress.js';
import { streamResults } from './results/stream-results.js';

const text = { schema: { type: 'string' } };
const RESULTS = { content: { 'application/x-ndjson': text, 'text/csv': text } };

@ApiTags('campaigns')
@Controller('v1/campaigns/:id')
@UseServiceErrors()
export class CampaignResultsController {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly stopping: Stopping,
  ) {}

  /** What became of each recipient, in the order of the source. */
  @Get('results')
  @ApiOperation({ summary: 'What became of each recipient, in the order in which they were given' })
  @ApiQuery({ name: 'state', required: false, enum: RECIPIENT_STATES })
  @ApiQuery({ name: 'after', required: false, description: 'Only those behind this position.' })
  @ApiOkResponse({ ...RESULTS, description: 'A line for each; CSV with `Accept: text/csv`.' })
  @ApiNotFoundResponse({ description: 'There is no campaign with this id.' })
  async results(
    @Param('id') id: string,
    @Query('state') state: unknown,
    @Query('after') after: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await streamResults(request, response, this.campaigns.results(id, readFilter(state, after)));
  }

  /** The recipients that wait for a person's decision. */
  @Get('held')
  @ApiOperation({ summary: 'Whom a person has to decide about: perhaps sent to, and no proof came' })
  @ApiOkResponse({ ...RESULTS, description: 'A line for each; CSV with `Accept: text/csv`.' })
  @ApiNotFoundResponse({ description: 'There is no campaign with this id.' })
  async held(@Param('id') id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await streamResults(request, response, this.campaigns.held(id));
  }

  /** How far the campaign is, whenever that has changed, until it is done. */
  @Get('events')
  @ApiOperation({ summary: 'How far the campaign is, as server-sent events, until it is done' })
  @ApiOkResponse({ content: { 'text/event-stream': text } })
  @ApiNoContentResponse({ description: 'With `Last-Event-ID`: nothing has changed, and nothing will.' })
  @ApiNotFoundResponse({ description: 'There is no campaign with this id.' })
  async events(@Param('id') id: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await untilGone(response, this.stopping.begun, (signal) =>
      openProgress(request, response, this.campaigns.watch(id, { signal })),
    );
  }
}

function readFilter(state: unknown, after: unknown): ResultsFilter {
  const known = RECIPIENT_STATES.find((one) => one === state);
  const position = typeof after === 'string' && /^\d{1,15}$/.test(after) ? Number(after) : undefined;
  const issues = [
    ...(state === undefined || known !== undefined
      ? []
      : [{ field: 'state', problem: `must be one of ${RECIPIENT_STATES.join(', ')}` }]),
    ...(after === undefined || position !== undefined
      ? []
      : [{ field: 'after', problem: 'must be a position: a whole number from 0' }]),
  ];
  if (issues.length > 0) throw invalidCommand(issues);
  return { state: known, after: position };
}
