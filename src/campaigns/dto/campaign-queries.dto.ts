import type { CampaignFilter, CampaignState, RecipientState, ResultsFilter } from 'nestjs-laaffic-outbox';
import { QueryCursor, QueryInteger, QueryOneOf, QueryText } from '../../common/http/query-fields.js';
import { ListQueryDto } from '../../recipients/dto/list-query.dto.js';
import { RECIPIENT_STATES } from '../../recipients/recipient-states.js';
import { CAMPAIGN_STATES } from './campaign.dto.js';

/** A page of campaigns. */
export class CampaignsQueryDto implements CampaignFilter {
  @QueryInteger({ min: 1, max: 1_000, default: 50 })
  limit: number = 50;

  @QueryCursor('campaign', 'Only campaigns older than the one with this id.')
  before?: string;

  @QueryOneOf(CAMPAIGN_STATES)
  state?: CampaignState;

  @QueryText('Only campaigns with exactly this name.')
  name?: string;
}

/** A part of the results of a campaign. */
export class ResultsQueryDto extends ListQueryDto implements ResultsFilter {
  @QueryOneOf(RECIPIENT_STATES)
  state?: RecipientState;

  @QueryInteger({
    min: 0,
    description: 'Only recipients after this position.',
    problem: 'must be a position: a whole number from 0',
  })
  after?: number;
}
