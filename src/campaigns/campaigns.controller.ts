import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { Caller } from '../access/caller.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../errors/api-errors.js';
import { IdempotencyKey } from '../http/idempotency-key.js';
import { KnownQuery, type Query } from '../http/known-query.js';
import { CampaignCreation } from './campaign-creation.js';
import { CampaignReading } from './campaign-reading.js';
import { CampaignsBody, CampaignWithProgressBody } from './campaign.body.js';
import { CAMPAIGN_STATES } from './campaign-states.js';
import { LARGEST_PAGE, readCampaignPage } from './campaign-page.js';
import { creationDescription, creationRequestBody, uploadQueries } from './creation.schema.js';

@ApiTags('campaigns')
@Controller('v1/campaigns')
@ApiCommonErrors()
export class CampaignsController {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly creation: CampaignCreation,
    private readonly reading: CampaignReading,
  ) {}

  /** Stores a campaign with all its recipients; nothing is sent before they are stored. */
  @Post()
  @ApiOperation({
    summary: 'Store a campaign with all its recipients',
    description: creationDescription,
    requestBody: creationRequestBody,
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: '1 to 255 characters: an upload that broke off is gone on with by the same upload with the same key.',
  })
  @uploadQueries
  @ApiCreatedResponse({
    type: CampaignWithProgressBody,
    headers: { Location: { description: 'Where the campaign is.', schema: { type: 'string' } } },
    description: '`progress.invalid` counts the entries that are nobody’s.',
  })
  @ApiErrors({
    400: '`field` says what is wrong, of an upload with the line.',
    408: 'The upload is too slow, or takes too long.',
    409: 'Another request is creating the campaign with this key at this moment.',
    422: 'The key was given to another campaign, or the upload differs from what is stored of it.',
    429: 'The caller has as many uploads under way as it may have; `Retry-After` says when to try again.',
    503: 'The database is away: `OUTBOX_DATABASE`. Or too many uploads are under way: `TOO_MANY_UPLOADS`.',
  })
  @ApiBodyErrors()
  async create(
    @Req() request: Request,
    @Caller() caller: string,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CampaignWithProgressBody> {
    const { id } = await this.creation.create(request, idempotencyKey, caller);
    response.setHeader('Location', `/v1/campaigns/${id}`);
    return this.reading.after(id);
  }

  /** Campaigns, newest first. */
  @Get()
  @ApiOperation({ summary: 'Campaigns, newest first' })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: LARGEST_PAGE, default: 50 },
  })
  @ApiQuery({
    name: 'before',
    required: false,
    schema: { type: 'string' },
    description: 'Only those older than the campaign with this id.',
  })
  @ApiQuery({ name: 'state', required: false, schema: { type: 'string', enum: [...CAMPAIGN_STATES] } })
  @ApiOkResponse({ type: CampaignsBody })
  @ApiErrors({ 400: '`field` says what is wrong.' })
  async list(@KnownQuery(['limit', 'before', 'state']) query: Query): Promise<CampaignsBody> {
    const page = readCampaignPage(query);
    const campaigns = await this.campaigns.list(page);
    const last = campaigns.at(-1);
    return { campaigns, ...(last === undefined || campaigns.length < page.limit ? {} : { before: last.id }) };
  }

  /** A campaign, and how far it is. */
  @Get(':id')
  @ApiOperation({ summary: 'A campaign, and how far it is' })
  @ApiOkResponse({ type: CampaignWithProgressBody })
  @ApiErrors({ 404: 'There is no campaign with this id.' })
  find(@Param('id') id: string): Promise<CampaignWithProgressBody> {
    return this.reading.of(id);
  }
}
