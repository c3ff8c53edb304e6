import { Controller, Get, HttpStatus, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { ClientAbort } from '../common/http/client-abort.js';
import { Reply } from '../common/http/reply.js';
import { AcceptsCsv, LastEventId } from '../common/http/request-headers.js';
import { linkSignals } from '../common/shutdown/linked-signal.js';
import { ShutdownSignal } from '../common/shutdown/shutdown-signal.js';
import { RowStreams } from '../common/streams/row-streams.js';
import { ListQueryDto } from '../recipients/dto/list-query.dto.js';
import { HISTORY_COLUMNS, historyResponse } from '../recipients/history-rows.js';
import { RESULT_COLUMNS, resultsResponse, toResultRows } from '../recipients/result-rows.js';
import { ResultsQueryDto } from './dto/campaign-queries.dto.js';
import { eventsDescription, eventsResponse, openProgress } from './events/open-progress.js';

/** Streams what is known of a campaign. */
@ApiTags('campaigns')
@Controller('v1/campaigns/:id')
@ApiCommonErrors()
export class CampaignResultsController {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly shutdown: ShutdownSignal,
    private readonly streams: RowStreams,
  ) {}

  @Get('results')
  @RequireScope('campaigns:read')
  @ApiOperation({ summary: 'List the result of each recipient, in the order of the source' })
  @ApiOkResponse(resultsResponse)
  @ApiErrors({ 400: '`field` names the invalid field.', 404: 'There is no campaign with this id.' })
  results(
    @Param('id') id: string,
    @Query() { state, after, raw }: ResultsQueryDto,
    @AcceptsCsv() isCsv: boolean,
  ): Promise<StreamableFile> {
    const results = toResultRows(this.campaigns.listResults(id, { state, after }));
    return this.streams.open(results, RESULT_COLUMNS, { isCsv, isRaw: raw });
  }

  @Get('held')
  @RequireScope('held:read')
  @ApiOperation({ summary: 'List the recipients that need a manual decision' })
  @ApiOkResponse(resultsResponse)
  @ApiErrors({ 400: '`field` names the invalid field.', 404: 'There is no campaign with this id.' })
  held(@Param('id') id: string, @Query() { raw }: ListQueryDto, @AcceptsCsv() isCsv: boolean): Promise<StreamableFile> {
    return this.streams.open(toResultRows(this.campaigns.listHeld(id)), RESULT_COLUMNS, { isCsv, isRaw: raw });
  }

  @Get('history')
  @RequireScope('campaigns:read')
  @ApiOperation({ summary: 'List the history of the campaign with times and actors, oldest first' })
  @ApiOkResponse(historyResponse)
  @ApiErrors({ 400: '`field` names the invalid field.', 404: 'There is no campaign with this id.' })
  history(
    @Param('id') id: string,
    @Query() { raw }: ListQueryDto,
    @AcceptsCsv() isCsv: boolean,
  ): Promise<StreamableFile> {
    return this.streams.open(this.campaigns.getHistory(id), HISTORY_COLUMNS, { isCsv, isRaw: raw });
  }

  @Get('events')
  @RequireScope('campaigns:read')
  @ApiOperation({
    summary: 'Stream the progress of the campaign as server-sent events until it ends',
    description: eventsDescription,
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The `id` of the last event that the client got. It is not sent again. Browsers set it themselves.',
  })
  @ApiOkResponse(eventsResponse)
  @ApiNoContentResponse({ description: 'The campaign has ended, and `Last-Event-ID` is that of its last event.' })
  @ApiErrors({ 404: 'There is no campaign with this id.' })
  async events(
    @Param('id') id: string,
    @LastEventId() lastEventId: string,
    @ClientAbort() clientAbort: AbortSignal,
  ): Promise<Reply<StreamableFile | undefined>> {
    const { signal, unlink } = linkSignals(clientAbort, this.shutdown.started);
    const body = await openProgress(this.campaigns.watch(id, { signal }), lastEventId, unlink);
    if (body === undefined) return new Reply(undefined, { status: HttpStatus.NO_CONTENT });
    // `X-Accel-Buffering`: nginx would hold events back.
    return new Reply(body, { headers: { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' } });
  }
}
