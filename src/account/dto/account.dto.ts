import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Balance } from 'nestjs-laaffic';
import { ActorField } from '../../common/auth/caller.js';

/** A lane whose requests get no readable responses. */
export class LaneDto {
  @ApiProperty({ enum: ['priority', 'bulk'], example: 'bulk' })
  lane!: string;

  @ApiProperty({ enum: ['paused', 'limited'], example: 'limited' })
  state!: string;

  @ApiProperty({ example: 64, description: 'How many recipients a request may have; 0 while the lane is paused.' })
  largestRequest!: number;

  @ApiProperty({ example: 'OUTBOX_GATEWAY_UNRESPONSIVE' })
  code!: string;

  @ApiProperty({ example: 'no readable response (LAAFFIC_TIMEOUT)' })
  reason!: string;

  @ApiProperty({ format: 'date-time' })
  since!: Date;

  @ApiProperty({ format: 'date-time', description: 'When the service probes with a larger request, if one is due.' })
  probesAt!: Date;
}

/** A lane that a person has paused. */
export class PausedLaneDto {
  @ApiProperty({ enum: ['priority', 'bulk'], example: 'bulk' })
  lane!: string;

  @ApiProperty({ format: 'date-time' })
  since!: Date;

  @ApiProperty({ example: 'alice' })
  actor!: string;

  @ApiPropertyOptional({ type: String, example: 'wrong text in the spring campaign' })
  reason?: string | undefined;
}

/** A lane whose concurrency a person has set. */
export class LaneConcurrencyDto {
  @ApiProperty({ enum: ['priority', 'bulk'], example: 'bulk' })
  lane!: string;

  @ApiProperty({ example: 2, description: 'How many requests of the lane each instance may have in flight.' })
  slots!: number;

  @ApiProperty({ format: 'date-time' })
  since!: Date;

  @ApiProperty({ example: 'alice' })
  actor!: string;
}

/** How many sealed texts need a key. */
export class SealKeyDto {
  @ApiProperty({ example: 'Xq3vT0aB', description: 'Identifies the key, and tells nothing about it.' })
  keyId!: string;

  @ApiPropertyOptional({
    type: Number,
    example: 0,
    description: 'The position in SEAL_KEYS; missing if it is not there.',
  })
  position?: number | undefined;

  @ApiProperty({ example: 12, description: 'Recipients of messages whose text is still stored.' })
  recipients!: number;
}

/** The state of the account. Counts are recipients; some leave out drafts and paused campaigns. */
export class AccountDto {
  @ApiProperty({ enum: ['works', 'paused'], example: 'paused' })
  state!: string;

  @ApiPropertyOptional({
    type: String,
    example: 'LAAFFIC_INSUFFICIENT_BALANCE',
    description: 'Why the account is paused.',
  })
  pausedCode?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2026-01-31T09:00:00.000Z' })
  pausedSince?: Date;

  @ApiPropertyOptional({ type: String, example: 'no balance', description: 'The reason in the text of the gateway.' })
  pausedReason?: string;

  @ApiPropertyOptional({ type: String, example: '42', description: 'The message whose rejection paused the account.' })
  pausedMessageId?: string | undefined;

  @ApiPropertyOptional({ type: String, example: '7', description: 'The campaign whose rejection paused the account.' })
  pausedCampaignId?: string | undefined;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2026-01-31T09:00:10.000Z',
    description: 'When the service probes the account, if a message is due.',
  })
  probesAt?: Date;

  @ApiProperty({ type: [LaneDto], description: 'Lanes that send less than usual; empty while both work.' })
  limitedLanes!: LaneDto[];

  @ApiProperty({ type: [PausedLaneDto], description: 'Lanes that a person has paused; usually empty.' })
  pausedLanes!: readonly PausedLaneDto[];

  @ApiProperty({ type: [LaneConcurrencyDto], description: 'Lanes whose concurrency a person has set; usually empty.' })
  laneConcurrency!: readonly LaneConcurrencyDto[];

  @ApiProperty({
    type: [SealKeyDto],
    description: 'The keys of sealed texts that are still stored; empty if there are none.',
  })
  sealKeys!: readonly SealKeyDto[];

  @ApiProperty({ example: 1200, description: 'Recipients that are due.' })
  backlog!: number;

  @ApiProperty({ example: 0, description: 'Recipients that are scheduled for later.' })
  scheduled!: number;

  @ApiProperty({ example: 40, description: 'How long the oldest recipient of the backlog has been due.' })
  oldestPendingSeconds!: number;

  @ApiProperty({ example: 2, description: 'How long the oldest recipient of a single message has been due.' })
  oldestPrioritySeconds!: number;

  @ApiProperty({ example: 20, description: 'Recipients whose request is in flight.' })
  sending!: number;

  @ApiProperty({ example: 3, description: 'Perhaps sent; the service waits for evidence.' })
  unknown!: number;

  @ApiProperty({ example: 1, description: 'Perhaps sent; a manual decision is needed.' })
  held!: number;
}

/** Who resumes the account. */
export class ResumeAccountDto {
  @ActorField()
  actor?: string | undefined;
}

export class AccountResumedDto {
  @ApiProperty({ example: true, description: 'Whether the account, or one of its lanes, was paused or limited.' })
  wasPaused!: boolean;
}

/** The balance, as exact decimals. */
export class BalanceDto implements Balance {
  @ApiProperty({ example: '99.990000', description: 'Real money.' })
  balance!: string;

  @ApiProperty({ example: '50.00000', description: 'Credit that the platform has given.' })
  gift!: string;

  @ApiPropertyOptional({
    type: String,
    example: '0',
    description: 'How much may be owed. Older platforms do not report it.',
  })
  credit?: string;
}
