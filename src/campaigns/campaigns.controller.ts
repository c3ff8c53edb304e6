import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller, CallerScopes } from '../common/auth/caller.js';
import { RequireScope } from '../common/auth/route-access.js';
import type { GrantedScopes } from '../common/auth/scopes.js';
import { ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { Reply } from '../common/http/reply.js';
import { StreamedBody, type RequestBody } from '../common/http/request-body.js';
import { IdempotencyKey } from '../common/http/request-headers.js';
import { CampaignCreationService } from './campaign-creation.service.js';
import { ApiCreateCampaign } from './campaigns.openapi.js';
import { CampaignsService } from './campaigns.service.js';
import { CampaignsQueryDto } from './dto/campaign-queries.dto.js';
import { CampaignsDto, CampaignWithProgressDto } from './dto/campaign.dto.js';

@ApiTags('campaigns')
@Controller('v1/campaigns')
@ApiCommonErrors()
export class CampaignsController {
  constructor(
    private readonly creation: CampaignCreationService,
    private readonly campaigns: CampaignsService,
  ) {}

  /** Sends nothing before all recipients are stored. */
  @Post()
  @RequireScope('campaigns:write')
  @ApiCreateCampaign()
  async create(
    @StreamedBody() body: RequestBody,
    @Query() query: Record<string, unknown>,
    @Caller() caller: string,
    @CallerScopes() scopes: GrantedScopes,
    @IdempotencyKey() idempotencyKey: string | undefined,
  ): Promise<Reply<CampaignWithProgressDto>> {
    const { id } = await this.creation.create(body, query, { idempotencyKey, actor: caller }, scopes);
    const headers = { Location: `/v1/campaigns/${id}` };
    return new Reply(await this.campaigns.findAfterChange(id), { headers });
  }

  @Get()
  @RequireScope('campaigns:read')
  @ApiOperation({ summary: 'List campaigns, newest first' })
  @ApiOkResponse({ type: CampaignsDto })
  @ApiErrors({ 400: '`field` names the invalid field.' })
  list(@Query() query: CampaignsQueryDto): Promise<CampaignsDto> {
    return this.campaigns.list(query);
  }

  @Get(':id')
  @RequireScope('campaigns:read')
  @ApiOperation({ summary: 'Show a campaign and its progress' })
  @ApiOkResponse({ type: CampaignWithProgressDto })
  @ApiErrors({ 404: 'There is no campaign with this id.' })
  find(@Param('id') id: string): Promise<CampaignWithProgressDto> {
    return this.campaigns.find(id);
  }
}
