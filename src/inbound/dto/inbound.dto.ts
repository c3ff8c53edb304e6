import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import type { InboxEntry, InboxFilter } from 'nestjs-laaffic-outbox';
import { IsSmsNumber } from 'nestjs-laaffic/commands';
import { ActorField } from '../../common/auth/caller.js';
import { QueryCursor, QueryInteger, QueryOneOf } from '../../common/http/query-fields.js';

type ReplyType = InboxEntry['type'];

const TYPES = Object.keys({
  'opt-out': true,
  'opt-in': true,
  help: true,
  unclear: true,
  other: true,
} satisfies Record<ReplyType, true>);

const MAX_LIMIT = 1_000;
const LIMIT_RANGE = { message: `$property must be from 1 to ${MAX_LIMIT}` };

/** A page of what people have written. */
export class InboundQueryDto implements InboxFilter {
  @QueryOneOf(TYPES)
  type?: ReplyType;

  @QueryCursor('message', 'Only messages older than the one with this id.')
  before?: string;

  @QueryInteger({ min: 1, max: MAX_LIMIT, default: 50 })
  limit: number = 50;
}

/** A page of what one person has written. */
export class InboundSearchDto {
  @ApiProperty({ type: String, example: '+91 8563 21412', description: 'Only messages from this number.' })
  @IsSmsNumber()
  number!: string;

  @ApiPropertyOptional({ enum: TYPES, nullable: true, example: 'unclear' })
  @Allow()
  type?: ReplyType | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: '1007',
    description: 'Only messages older than the one with this id.',
  })
  @IsOptional()
  @Matches(/^\d{1,19}$/, { message: '$property must be the id of a message' })
  before?: string | null;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: 50, example: 50 })
  @IsOptional()
  @Max(MAX_LIMIT, LIMIT_RANGE)
  @Min(1, LIMIT_RANGE)
  @IsInt({ message: '$property must be a whole number' })
  limit?: number | null;
}

/** What a person has written. */
export class InboundMessageDto implements InboxEntry {
  @ApiProperty({ example: '1007' })
  id!: string;

  @ApiPropertyOptional({
    type: String,
    example: '91856321412',
    description: 'The number. It is absent once it is erased.',
  })
  from?: string;

  @ApiPropertyOptional({
    type: String,
    example: 'ACME',
    description: 'What it was sent to, as far as the platform says so.',
  })
  to?: string;

  @ApiPropertyOptional({ type: String, example: 'please stop', description: 'It is absent once it is erased.' })
  content?: string;

  @ApiProperty({ enum: TYPES, example: 'unclear', description: '`unclear`: a person has to read it.' })
  type!: ReplyType;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'When it was written, according to the platform.',
  })
  at?: Date;

  @ApiProperty({ format: 'date-time' })
  receivedAt!: Date;

  @ApiPropertyOptional({
    type: String,
    example: 'ann (key shop)',
    description: 'Who has decided what an unclear one means.',
  })
  reviewedBy?: string;
}

export class InboundPageDto {
  @ApiProperty({ type: [InboundMessageDto] })
  messages!: InboundMessageDto[];

  @ApiPropertyOptional({
    type: String,
    example: '1007',
    description: 'The value of `before` for the next page; absent on the last page.',
  })
  before?: string;
}

/** A decision about an unclear message. The outbox checks `type`. */
export class ReviewInboundDto {
  @ApiProperty({
    enum: ['opt-out', 'other'],
    example: 'opt-out',
    description: '`opt-out`: the person wants no messages. It takes effect at once.',
  })
  @Allow()
  type!: 'opt-out' | 'other';

  @ActorField()
  actor?: string | undefined;
}
