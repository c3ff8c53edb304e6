import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const ID = { example: '7d0c4f3e-6f5b-4f7a-9d6e-0a1b2c3d4e5f' };
const COUNTRY = { example: 'GB', description: 'The country of the number, as an ISO code.' };
const NUMBER = { example: '+447400123456', description: 'The verified number in E.164.' };
const PURPOSE = { example: 'sign-in', description: 'What the code is for.' };
const TIME = { type: String, format: 'date-time', example: '2027-01-31T09:10:00.000Z' };
const ATTEMPTS_LEFT = { type: 'integer', example: 5, description: 'How often a code can be entered.' } as const;

/** A verification that waits for its code. */
export class PendingVerificationDto {
  @ApiProperty(ID)
  id!: string;

  @ApiProperty({ enum: ['pending'], example: 'pending' })
  status!: 'pending';

  @ApiProperty({ example: true, description: 'Whether a message was stored. `false`: the code sent before is good.' })
  sent!: boolean;

  @ApiProperty({ example: '+447…456', description: 'The masked number, to show to the user.' })
  to!: string;

  @ApiProperty(COUNTRY)
  country!: string;

  @ApiProperty({ type: 'integer', example: 6, description: 'Number of digits of the code.' })
  digits!: number;

  @ApiProperty(TIME)
  expiresAt!: string;

  @ApiProperty({ ...TIME, description: 'From when another message can be sent.' })
  resendAt!: string;

  @ApiProperty(ATTEMPTS_LEFT)
  attemptsLeft!: number;
}

/** A verification as it is stored. */
export class VerificationDto {
  @ApiProperty(ID)
  id!: string;

  @ApiProperty(PURPOSE)
  purpose!: string;

  @ApiProperty(COUNTRY)
  country!: string;

  @ApiProperty({ enum: ['pending', 'matched', 'approved', 'failed', 'expired', 'cancelled'], example: 'pending' })
  state!: string;

  @ApiProperty({ type: 'integer', example: 1, description: 'How many messages were stored.' })
  sends!: number;

  @ApiProperty(ATTEMPTS_LEFT)
  attemptsLeft!: number;

  @ApiProperty(TIME)
  createdAt!: string;

  @ApiProperty(TIME)
  expiresAt!: string;

  @ApiPropertyOptional(TIME)
  approvedAt?: string;
}

/** The result of a right code. */
export class ApprovedVerificationDto {
  @ApiProperty({ enum: ['approved'], example: 'approved' })
  status!: 'approved';

  @ApiProperty(NUMBER)
  number!: string;

  @ApiProperty(COUNTRY)
  country!: string;

  @ApiProperty(PURPOSE)
  purpose!: string;

  @ApiProperty(TIME)
  approvedAt!: string;

  @ApiProperty({ example: 'v1.0.…', description: 'Proves the approval once, for 10 minutes. It is a secret.' })
  proof!: string;
}

/** A verification that was cancelled. */
export class CancelledVerificationDto {
  @ApiProperty(ID)
  id!: string;

  @ApiProperty({ enum: ['cancelled'], example: 'cancelled' })
  status!: 'cancelled';
}

/** What a proof proved. */
export class RedeemedProofDto {
  @ApiProperty(ID)
  id!: string;

  @ApiProperty(PURPOSE)
  purpose!: string;

  @ApiProperty(NUMBER)
  number!: string;

  @ApiProperty(COUNTRY)
  country!: string;

  @ApiProperty(TIME)
  approvedAt!: string;
}

/** Whether a number had a lock. */
export class ReleasedNumberDto {
  @ApiProperty({ example: true, description: 'Whether the number was locked or suspended.' })
  released!: boolean;
}
