import { applyDecorators, Body, Controller, HttpCode, HttpStatus, Param, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { Caller } from '../common/auth/caller.js';
import { RequireScope } from '../common/auth/route-access.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { JsonBodyGuard } from '../common/http/json-body.guard.js';
import { RecipientCountDto, ResolveHeldDto, resolveOptionsOf } from '../recipients/dto/resolve-held.dto.js';
import { CampaignsService } from './campaigns.service.js';
import { CampaignWithProgressDto } from './dto/campaign.dto.js';

function Action(summary: string, type: typeof CampaignWithProgressDto | typeof RecipientCountDto): MethodDecorator {
  return applyDecorators(
    HttpCode(HttpStatus.OK),
    ApiOperation({ summary }),
    ApiOkResponse({ type }),
    ApiErrors({ 404: 'There is no campaign with this id.', 409: 'The state of the campaign does not allow this.' }),
  );
}

/** Changes the state of a campaign. */
@ApiTags('campaigns')
@Controller('v1/campaigns/:id')
@ApiCommonErrors()
export class CampaignControlController {
  constructor(
    private readonly outbox: SmsCampaigns,
    private readonly campaigns: CampaignsService,
  ) {}

  @Post('start')
  @RequireScope('campaigns:start')
  @Action('Start a draft, or a scheduled campaign before its time', CampaignWithProgressDto)
  async start(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressDto> {
    await this.outbox.start(id, caller);
    return this.campaigns.findAfterChange(id);
  }

  @Post('pause')
  @RequireScope('campaigns:write')
  @Action('Pause a campaign; requests in flight finish', CampaignWithProgressDto)
  async pause(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressDto> {
    await this.outbox.pause(id, caller);
    return this.campaigns.findAfterChange(id);
  }

  @Post('resume')
  @RequireScope('campaigns:start')
  @Action('Resume a paused campaign', CampaignWithProgressDto)
  async resume(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressDto> {
    await this.outbox.resume(id, caller);
    return this.campaigns.findAfterChange(id);
  }

  @Post('cancel')
  @RequireScope('campaigns:write')
  @Action('Cancel the recipients that have not been sent yet', CampaignWithProgressDto)
  async cancel(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressDto> {
    await this.outbox.cancel(id, caller);
    return this.campaigns.findAfterChange(id);
  }

  @Post('resolve')
  @RequireScope('held:resolve')
  @Action('Decide about held recipients', RecipientCountDto)
  @UseGuards(JsonBodyGuard)
  @ApiErrors({ 400: '`field` names the invalid field.' })
  @ApiBodyErrors()
  async resolve(
    @Param('id') id: string,
    @Caller() caller: string,
    @Body() decision: ResolveHeldDto,
  ): Promise<RecipientCountDto> {
    const options = resolveOptionsOf(caller, decision);
    return { recipientCount: await this.outbox.resolveHeld(id, decision.decision, options) };
  }

  @Post('retry-rejected')
  @RequireScope('campaigns:start')
  @Action('Send again to all recipients that the gateway rejected', RecipientCountDto)
  async retryRejected(@Param('id') id: string, @Caller() caller: string): Promise<RecipientCountDto> {
    return { recipientCount: await this.outbox.retryRejected(id, { actor: caller }) };
  }
}
