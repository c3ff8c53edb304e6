import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Campaign, CampaignProgress, CampaignState, UnconfirmedAction } from 'nestjs-laaffic-outbox';
import { UNCONFIRMED_ACTIONS } from '../../configuration.js';

export const CAMPAIGN_STATES = [
  'creating',
  'draft',
  'scheduled',
  'running',
  'paused',
  'cancelled',
  'done',
] as const satisfies CampaignState[];

/** The progress of a campaign. The counts of recipients add up to `total`. */
export class ProgressDto {
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

  @ApiProperty({ example: 0, description: 'Their request is in flight.' })
  sending!: number;

  @ApiProperty({ example: 0, description: 'Accepted by the gateway, and not reported as delivered or failed yet.' })
  accepted!: number;

  @ApiProperty({ example: 1 })
  delivered!: number;

  @ApiProperty({ example: 0 })
  failed!: number;

  @ApiProperty({ example: 0, description: 'Rejected by the gateway, so not sent.' })
  rejected!: number;

  @ApiProperty({ example: 0, description: 'Not a phone number, or rejected as a duplicate. Never sent.' })
  invalid!: number;

  @ApiProperty({ example: 0 })
  cancelled!: number;

  @ApiProperty({ example: 0, description: 'Perhaps sent; the service waits for evidence.' })
  unknown!: number;

  @ApiProperty({ example: 0, description: 'Perhaps sent; a manual decision is needed.' })
  held!: number;

  @ApiProperty({ example: 0, description: 'Perhaps sent; closed without an outcome.' })
  abandoned!: number;
}

/** A campaign, without its recipients. */
export class CampaignDto {
  @ApiProperty({ example: '7' })
  id!: string;

  @ApiProperty({ example: 'spring sale' })
  name!: string;

  @ApiPropertyOptional({
    type: String,
    example: 'Ten per cent off until Sunday',
    description: 'Missing once the retention period is over.',
  })
  content?: string | undefined;

  @ApiPropertyOptional({ type: String, example: 'ACME' })
  senderId?: string | undefined;

  @ApiProperty({ enum: CAMPAIGN_STATES, example: 'running' })
  state!: CampaignState;

  @ApiProperty({ example: 0, description: 'Running campaigns with the highest priority are sent first.' })
  priority!: number;

  @ApiProperty({ example: 2, description: 'How many entries are stored, including invalid ones.' })
  total!: number;

  @ApiPropertyOptional({ type: String, example: 'spring-1' })
  idempotencyKey?: string | undefined;

  @ApiPropertyOptional({
    enum: UNCONFIRMED_ACTIONS,
    example: 'abandon',
    description:
      'What happens to recipients without evidence. Missing if the setting `UNCONFIRMED_CAMPAIGNS` of the service decides.',
  })
  onUnconfirmed?: UnconfirmedAction | undefined;

  @ApiProperty({ format: 'date-time' })
  createdAt!: Date;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'When the campaign started, or is scheduled to start.',
  })
  startsAt?: Date | undefined;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  doneAt?: Date | undefined;

  @ApiPropertyOptional({
    type: String,
    example: 'LAAFFIC_INSUFFICIENT_BALANCE',
    description: 'Why the campaign is paused, if the gateway rejected it repeatedly while it accepted other messages.',
  })
  pausedCode?: string | undefined;

  @ApiPropertyOptional({ type: String, example: 'no balance', description: 'The reason in the text of the gateway.' })
  pausedReason?: string | undefined;
}

/** A campaign and its progress. */
export class CampaignWithProgressDto extends CampaignDto {
  @ApiProperty({ type: ProgressDto })
  progress!: ProgressDto;
}

/** A page of campaigns. */
export class CampaignsDto {
  @ApiProperty({ type: [CampaignDto] })
  campaigns!: Campaign[];

  @ApiPropertyOptional({
    type: String,
    example: '7',
    description: 'The value of `before` for the next page; absent on the last page.',
  })
  before?: string;
}

export function toCampaignDto(campaign: Campaign, progress: CampaignProgress): CampaignWithProgressDto {
  const { state, total, doneAt } = progress;
  // The progress was read last. Taking its values keeps the response consistent.
  return { ...campaign, state, total, doneAt, progress };
}
