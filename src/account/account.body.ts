import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow } from 'class-validator';

/** A lane in which requests get no readable answers. */
export class LaneBody {
  @ApiProperty({ enum: ['priority', 'bulk'], example: 'bulk' })
  lane!: string;

  @ApiProperty({ enum: ['paused', 'limited'], example: 'limited' })
  state!: string;

  @ApiProperty({ example: 64, description: 'Recipients that one request may have; 0 while the lane is paused.' })
  largestRequest!: number;

  @ApiProperty({ example: 'OUTBOX_GATEWAY_SILENT' })
  code!: string;

  @ApiProperty({ example: 'no readable answers (LAAFFIC_TIMEOUT)' })
  reason!: string;

  @ApiProperty({ format: 'date-time' })
  since!: Date;

  @ApiProperty({ format: 'date-time', description: 'When a larger request is tried by itself, if one is due.' })
  probesAt!: Date;
}

/** How the account stands, in recipients; some counts leave out what waits for a person to start or resume it. */
export class AccountBody {
  @ApiProperty({ enum: ['works', 'paused'], example: 'paused' })
  state!: string;

  @ApiPropertyOptional({ type: String, example: 'LAAFFIC_INSUFFICIENT_BALANCE', description: 'Why it is paused.' })
  pausedCode?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2026-01-31T09:00:00.000Z' })
  pausedSince?: Date;

  @ApiPropertyOptional({ type: String, example: 'no balance', description: 'The same in words of the gateway.' })
  pausedReason?: string;

  @ApiPropertyOptional({ type: String, example: '42', description: 'The message whose refusal paused it.' })
  pausedMessageId?: string | undefined;

  @ApiPropertyOptional({ type: String, example: '7', description: 'The same, if it is a campaign.' })
  pausedCampaignId?: string | undefined;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2026-01-31T09:00:10.000Z',
    description: 'When it is tried again by itself, if a message is due.',
  })
  probesAt?: Date;

  @ApiProperty({ type: [LaneBody], description: 'Lanes in which less is sent; none while both work.' })
  limitedLanes!: LaneBody[];

  @ApiProperty({ example: 1200, description: 'Could be sent now.' })
  backlog!: number;

  @ApiProperty({ example: 0, description: 'To be sent later.' })
  scheduled!: number;

  @ApiProperty({ example: 40, description: 'For how long the oldest of the backlog could have been sent.' })
  oldestPendingSeconds!: number;

  @ApiProperty({ example: 2, description: 'The same of single messages alone.' })
  oldestPrioritySeconds!: number;

  @ApiProperty({ example: 3, description: 'Perhaps sent; proof is waited for.' })
  unknown!: number;

  @ApiProperty({ example: 1, description: 'Perhaps sent, and a person has to decide.' })
  held!: number;
}

/** Who resumes an account. */
export class ResumeBody {
  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: 200,
    example: 'ann',
    description: 'Who says so: the history shows it behind the name of the API key, `shop (ann)`.',
  })
  @Allow()
  actor?: string | undefined;
}

/** What resuming has done. */
export class ResumedBody {
  @ApiProperty({ example: true, description: 'Whether it was paused, or one of its lanes paused or limited.' })
  wasPaused!: boolean;
}
