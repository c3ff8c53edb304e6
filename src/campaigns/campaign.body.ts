import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Campaign, CampaignProgress, CampaignState } from 'nestjs-laaffic-outbox';
import { CAMPAIGN_STATES } from './campaign-states.js';

/** How far a campaign is; the counts of recipients add up to `total`. */
export class ProgressBody {
  @ApiProperty({ example: '7' })
  id!: string;

  @ApiProperty({ enum: CAMPAIGN_STATES, example: 'running' })
  state!: CampaignState;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  startedAt?: Date | undefined;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  doneAt?: Date | undefined;

  @ApiProperty({ example: 2 })
  total!: number;

  @ApiProperty({ example: 1, description: 'Waiting to be sent.' })
  pending!: number;

  @ApiProperty({ example: 0, description: 'Their request is under way.' })
  sending!: number;

  @ApiProperty({ example: 0, description: 'Taken by the gateway, which has not reported their end yet.' })
  accepted!: number;

  @ApiProperty({ example: 1 })
  delivered!: number;

  @ApiProperty({ example: 0 })
  failed!: number;

  @ApiProperty({ example: 0, description: 'Refused by the gateway: surely not sent.' })
  rejected!: number;

  @ApiProperty({ example: 0, description: 'No phone number, or refused as a duplicate: never sent.' })
  invalid!: number;

  @ApiProperty({ example: 0 })
  cancelled!: number;

  @ApiProperty({ example: 0, description: 'Perhaps sent; proof is waited for.' })
  unknown!: number;

  @ApiProperty({ example: 0, description: 'Perhaps sent, and a person has to decide.' })
  held!: number;

  @ApiProperty({ example: 0, description: 'Perhaps sent, and nobody asks any more.' })
  abandoned!: number;
}

/** A campaign, without its recipients. */
export class CampaignBody {
  @ApiProperty({ example: '7' })
  id!: string;

  @ApiProperty({ example: 'spring sale' })
  name!: string;

  @ApiPropertyOptional({
    type: String,
    example: 'Ten per cent off until Sunday',
    description: 'Not there once it was removed for its age.',
  })
  content?: string | undefined;

  @ApiPropertyOptional({ type: String, example: 'ACME' })
  senderId?: string | undefined;

  @ApiProperty({ enum: CAMPAIGN_STATES, example: 'running' })
  state!: CampaignState;

  @ApiProperty({ example: 0, description: 'Of those that run, the highest are sent first.' })
  priority!: number;

  @ApiProperty({ example: 2, description: 'Entries that are stored, invalid ones too.' })
  total!: number;

  @ApiPropertyOptional({ type: String, example: 'spring-1' })
  idempotencyKey?: string | undefined;

  @ApiProperty({ format: 'date-time' })
  createdAt!: Date;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'When it began or is to begin.' })
  startsAt?: Date | undefined;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  doneAt?: Date | undefined;

  @ApiPropertyOptional({
    type: String,
    example: 'LAAFFIC_INSUFFICIENT_BALANCE',
    description: 'Why it is paused, if the gateway refused it again and again while it accepted other messages.',
  })
  pausedCode?: string | undefined;

  @ApiPropertyOptional({ type: String, example: 'no balance', description: 'The same in words of the gateway.' })
  pausedReason?: string | undefined;
}

/** A campaign, and how far it is. */
export class CampaignWithProgressBody extends CampaignBody {
  @ApiProperty({ type: ProgressBody })
  progress!: ProgressBody;
}

/** A page of campaigns. */
export class CampaignsBody {
  @ApiProperty({ type: [CampaignBody] })
  campaigns!: Campaign[];

  @ApiPropertyOptional({ type: String, example: '7', description: 'Ask with it as `before` for the next page.' })
  before?: string;
}

export function withProgress(campaign: Campaign, progress: CampaignProgress): CampaignWithProgressBody {
  const { state, total, doneAt } = progress;
  // Read a moment later than the campaign: one answer says one thing.
  return { ...campaign, state, total, doneAt, progress };
}
