import { applyDecorators, Body, Controller, HttpCode, HttpStatus, Param, Post, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { Caller } from '../access/caller.js';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../errors/api-errors.js';
import { readDecision } from '../held/read-decision.js';
import { CountBody, ResolveBody } from '../held/resolve.body.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { CampaignReading } from './campaign-reading.js';
import { CampaignWithProgressBody } from './campaign.body.js';

function Action(summary: string, type: typeof CampaignWithProgressBody | typeof CountBody): MethodDecorator {
  return applyDecorators(
    HttpCode(HttpStatus.OK),
    ApiOperation({ summary }),
    ApiOkResponse({ type }),
    ApiErrors({ 404: 'There is no campaign with this id.', 409: 'Not in the state that the campaign is in.' }),
  );
}

@ApiTags('campaigns')
@Controller('v1/campaigns/:id')
@ApiCommonErrors()
export class CampaignControlController {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly reading: CampaignReading,
  ) {}

  @Post('start')
  @Action('Begin a draft, or a scheduled campaign before its time', CampaignWithProgressBody)
  async start(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.start(id, caller);
    return this.reading.after(id);
  }

  @Post('pause')
  @Action('Begin nothing more of a campaign; requests under way end', CampaignWithProgressBody)
  async pause(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.pause(id, caller);
    return this.reading.after(id);
  }

  @Post('resume')
  @Action('Go on with a paused campaign', CampaignWithProgressBody)
  async resume(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.resume(id, caller);
    return this.reading.after(id);
  }

  @Post('cancel')
  @Action('Never send what has not been begun', CampaignWithProgressBody)
  async cancel(@Param('id') id: string, @Caller() caller: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.cancel(id, caller);
    return this.reading.after(id);
  }

  @Post('resolve')
  @Action('Decide about recipients that are held', CountBody)
  @UseGuards(JsonBodyGuard)
  @ApiErrors({ 400: '`field` says what is wrong.' })
  @ApiBodyErrors()
  async resolve(@Param('id') id: string, @Caller() caller: string, @Body() body: ResolveBody): Promise<CountBody> {
    return { recipients: await this.campaigns.resolve(id, body.decision, readDecision(caller, body)) };
  }

  @Post('retry-refused')
  @Action('Send anew to all whom the gateway refused', CountBody)
  async retryRefused(@Param('id') id: string, @Caller() caller: string): Promise<CountBody> {
    return { recipients: await this.campaigns.retryRefused(id, { by: caller }) };
  }
}
