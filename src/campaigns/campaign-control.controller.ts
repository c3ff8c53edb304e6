import { applyDecorators, Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { UseServiceErrors } from '../errors/use-service-errors.js';
import { CampaignReading } from './campaign-reading.js';
import { CampaignWithProgressBody } from './campaign.body.js';
import { CountBody, ResolveBody } from './resolve.body.js';

/** Who acts, in the journal. */
const BY = 'api';

function Action(summary: string, type: typeof CampaignWithProgressBody | typeof CountBody): MethodDecorator {
  return applyDecorators(
    HttpCode(HttpStatus.OK),
    ApiOperation({ summary }),
    ApiOkResponse({ type }),
    ApiNotFoundResponse({ description: 'There is no campaign with this id.' }),
    ApiConflictResponse({ description: 'Not in the state that the campaign is in.' }),
  );
}

@ApiTags('campaigns')
@Controller('v1/campaigns/:id')
@UseServiceErrors()
export class CampaignControlController {
  constructor(
    private readonly campaigns: SmsCampaigns,
    private readonly reading: CampaignReading,
  ) {}

  @Post('start')
  @Action('Begin a draft, or a scheduled campaign before its time', CampaignWithProgressBody)
  async start(@Param('id') id: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.start(id, BY);
    return this.reading.of(id);
  }

  @Post('pause')
  @Action('Begin nothing more of a campaign; requests under way end', CampaignWithProgressBody)
  async pause(@Param('id') id: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.pause(id, BY);
    return this.reading.of(id);
  }

  @Post('resume')
  @Action('Go on with a paused campaign', CampaignWithProgressBody)
  async resume(@Param('id') id: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.resume(id, BY);
    return this.reading.of(id);
  }

  @Post('cancel')
  @Action('Never send what has not been begun', CampaignWithProgressBody)
  async cancel(@Param('id') id: string): Promise<CampaignWithProgressBody> {
    await this.campaigns.cancel(id, BY);
    return this.reading.of(id);
  }

  @Post('resolve')
  @Action('Decide about recipients that are held', CountBody)
  @ApiBadRequestResponse({ description: '`field` says what is wrong.' })
  async resolve(@Param('id') id: string, @Body() body: ResolveBody): Promise<CountBody> {
    const { decision, positions, by = BY } = body;
    return { recipients: await this.campaigns.resolve(id, decision, { by, positions }) };
  }

  @Post('retry-refused')
  @Action('Send anew to all whom the gateway refused', CountBody)
  async retryRefused(@Param('id') id: string): Promise<CountBody> {
    return { recipients: await this.campaigns.retryRefused(id, { by: BY }) };
  }
}
