import { Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { invalidCommand } from 'nestjs-laaffic';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { UseServiceErrors } from '../errors/use-service-errors.js';
import { IdempotencyKey } from '../http/idempotency-key.js';
import { CampaignCreation } from './campaign-creation.js';
import { CampaignReading } from './campaign-reading.js';
import { CampaignsBody, CampaignWithProgressBody } from './campaign.body.js';
import { creationRequestBody, uploadQueries } from './creation.schema.js';

const LARGEST_PAGE = 1_000;

@ApiTags('campaigns')
@Controller('v1/campaigns')
@UseServiceErrors()
export class CampaignsController {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly creation: CampaignCreation,
    private readonly reading: CampaignReading,
  ) {}

  /** Stores a campaign with all its recipients; nothing is sent before they are stored. */
  @Post()
  @ApiOperation({ summary: 'Store a campaign with all its recipients', requestBody: creationRequestBody })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: '1 to 255 characters: an upload that broke off is gone on with by the same upload with the same key.',
  })
  @uploadQueries
  @ApiCreatedResponse({ type: CampaignWithProgressBody })
  @ApiBadRequestResponse({ description: '`field` says what is wrong, of an upload with the line.' })
  @ApiConflictResponse({ description: 'Another request is creating the campaign with this key at this moment.' })
  @ApiUnsupportedMediaTypeResponse({ description: 'The body is neither JSON nor CSV nor NDJSON.' })
  @ApiUnprocessableEntityResponse({
    description: 'The key was given to another campaign, or the upload differs from what is stored of it.',
  })
  async create(
    @Req() request: Request,
    @IdempotencyKey() idempotencyKey: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CampaignWithProgressBody> {
    const { id } = await this.creation.create(request, idempotencyKey);
    response.setHeader('Location', `/v1/campaigns/${id}`);
    return this.reading.of(id);
  }

  /** Campaigns, newest first. */
  @Get()
  @ApiOperation({ summary: 'Campaigns, newest first' })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 1000, default: 50 } })
  @ApiQuery({ name: 'before', required: false, description: 'Only those older than the campaign with this id.' })
  @ApiOkResponse({ type: CampaignsBody })
  async list(@Query('limit') limit: unknown = '50', @Query('before') before?: unknown): Promise<CampaignsBody> {
    const most = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
    const issues = [
      ...(most >= 1 && most <= LARGEST_PAGE ? [] : [{ field: 'limit', problem: `must be from 1 to ${LARGEST_PAGE}` }]),
      ...(before === undefined || isId(before) ? [] : [{ field: 'before', problem: 'must be the id of a campaign' }]),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    const campaigns = await this.campaigns.list({ limit: most, before: isId(before) ? before : undefined });
    const last = campaigns.at(-1);
    return { campaigns, ...(last === undefined || campaigns.length < most ? {} : { before: last.id }) };
  }

  /** A campaign, and how far it is. */
  @Get(':id')
  @ApiOperation({ summary: 'A campaign, and how far it is' })
  @ApiOkResponse({ type: CampaignWithProgressBody })
  @ApiNotFoundResponse({ description: 'There is no campaign with this id.' })
  find(@Param('id') id: string): Promise<CampaignWithProgressBody> {
    return this.reading.of(id);
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,19}$/.test(value);
}
