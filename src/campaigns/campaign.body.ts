import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Campaign, CampaignProgress, CampaignState } from 'nestjs-laaffic-outbox';

const STATES = [
  'creating',
  'draft',
  'scheduled',
  'running',
  'paused',
  'cancelled',
  'done',
] as const satisfies CampaignState[];

/** How far a campaign is; the counts of recipients add up to `total`. */
export class ProgressBody {
  @ApiProperty({ example: '7' })
  id!: string;

  @ApiProperty({ enum: STATES })
  state!: CampaignState;

  @ApiPropertyOptional({ format: 'date-time' })
  startedAt?: Date | undefined;

  @ApiPropertyOptional({ format: 'date-time' })
  doneAt?: Date | undefined;

  @ApiProperty()
  total!: number;

  @ApiProperty({ description: 'Waiting to be sent.' })
  pending!: number;

  @ApiProperty({ description: 'Their request is under way.' })
  sending!: number;

  @ApiProperty({ description: 'Taken by the gateway, which has not reported their end yet.' })
  accepted!: number;

  @ApiProperty()
  delivered!: number;

  @ApiProperty()
  failed!: number;

  @ApiProperty({ description: 'Refused by the gateway: surely not sent.' })
  rejected!: number;

  @ApiProperty({ description: 'No phone number, or refused as a duplicate: never sent.' })
  invalid!: number;

  @ApiProperty()
  cancelled!: number;

  @ApiProperty({ description: 'Perhaps sent; proof is waited for.' })
  unknown!: number;

  @ApiProperty({ description: 'Perhaps sent, and a person has to decide.' })
  held!: number;

  @ApiProperty({ description: 'Perhaps sent, and nobody asks any more.' })
  abandoned!: number;
}

/** A campaign, without its recipients. */
export class CampaignBody {
  @ApiProperty({ example: '7' })
  id!: string;

  @ApiProperty({ example: 'spring sale' })
  name!: string;

  @ApiPropertyOptional({ description: 'Not there once it was removed for its age.' })
  content?: string | undefined;

  @ApiPropertyOptional({ example: 'ACME' })
  senderId?: string | undefined;

  @ApiProperty({ enum: STATES })
  state!: CampaignState;

  @ApiProperty({ description: 'Of those that run, the highest are sent first.' })
  priority!: number;

  @ApiProperty({ description: 'Entries that are stored, invalid ones too.' })
  total!: number;

  @ApiPropertyOptional()
  idempotencyKey?: string | undefined;

  @ApiProperty({ format: 'date-time' })
  createdAt!: Date;

  @ApiPropertyOptional({ format: 'date-time', description: 'When it began or is to begin.' })
  startsAt?: Date | undefined;

  @ApiPropertyOptional({ format: 'date-time' })
  doneAt?: Date | undefined;
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

  @ApiPropertyOptional({ description: 'Ask with it as `before` for the next page.' })
  before?: string;
}

export function withProgress(campaign: Campaign, progress: CampaignProgress): CampaignWithProgressBody {
  const { state, total, doneAt } = progress;
  // Read a moment later than the campaign: one answer says one thing.
  return { ...campaign, state, total, doneAt, progress };
}
