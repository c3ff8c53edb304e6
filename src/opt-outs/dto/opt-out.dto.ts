import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Allow, IsInt, IsObject, IsOptional, Matches, Max, Min, ValidateBy, ValidateNested } from 'class-validator';
import type { ImportedOptOuts, ListedOptOut, OptOut } from 'nestjs-laaffic-outbox';
import { IsSmsNumber } from 'nestjs-laaffic/commands';
import { ActorField } from '../../common/auth/caller.js';
import { QueryBoolean } from '../../common/http/query-fields.js';
import { ListQueryDto } from '../../recipients/dto/list-query.dto.js';

const MAX_TEXT = 255;
const MAX_LIMIT = 1_000;
const MAX_CHECKED = 10_000;
const LIMIT_RANGE = { message: `$property must be from 1 to ${MAX_LIMIT}` };
/** PostgreSQL cannot compare with the character 0. */
const SENDER_TEXT = /^[^\0]{1,255}$/;

const NUMBER = { type: String, example: '+91 8563 21412' } as const;
const TEXT = { type: String, minLength: 1, maxLength: MAX_TEXT } as const;
const SENDER = {
  ...TEXT,
  nullable: true,
  example: 'ACME',
  description: 'The only sender that it is about. Without it: all senders of the account.',
} as const;
const STORED_SENDER = {
  type: String,
  example: 'ACME',
  description: 'The only sender that it is about. It is absent if it is about all of them.',
} as const;

/** The OpenAPI schemas of the query of an import. They have no examples, because the API page would send those with JSON too. */
export const IMPORT_FIELDS = {
  reason: { type: 'string', minLength: 1, maxLength: MAX_TEXT, description: 'Without it: `import`.' },
  senderId: { type: 'string', minLength: 1, maxLength: MAX_TEXT, description: SENDER.description },
  actor: { type: 'string', minLength: 1, maxLength: 200, description: 'Who acts.' },
  numberColumn: {
    type: 'string',
    description:
      'The column of the numbers: its name, or in CSV its place, counted from 1. Without it: the column `number`, ' +
      '`phone`, `mobile`, `msisdn` or `to`, or the only column.',
  },
};

/** The query of the list of all opt-outs. */
export class OptOutsQueryDto extends ListQueryDto {
  @QueryBoolean('`true`: only those that are active. `false`: only those that have ended. Without it: both.')
  active?: boolean;
}

/** A new opt-out. The outbox checks the texts. */
export class AddOptOutDto {
  @ApiProperty(NUMBER)
  @IsSmsNumber()
  number!: string;

  @ApiProperty({ ...TEXT, example: 'asked by phone' })
  @Allow()
  reason!: string;

  @ApiPropertyOptional(SENDER)
  @Allow()
  senderId?: string | null;

  @ActorField()
  actor?: string | undefined;
}

/** Whether an opt-out was added. */
export class AddedOptOutDto {
  @ApiProperty({ example: true, description: '`false` if it was active before.' })
  isNew!: boolean;
}

/** The query of an import. */
export class ImportOptOutsQueryDto {
  @Allow()
  reason?: string;

  @Allow()
  senderId?: string;

  @ActorField()
  actor?: string | undefined;

  @ValidateBy({
    name: 'column',
    validator: {
      validate: (value) => value === undefined || (typeof value === 'string' && value.trim() !== ''),
      defaultMessage: () => '$property must be the name of a column, or its place, counted from 1',
    },
  })
  numberColumn?: string;
}

/** What an import has done. */
export class ImportedOptOutsDto implements ImportedOptOuts {
  @ApiProperty({ type: 'integer', example: 998 })
  added!: number;

  @ApiProperty({
    type: 'integer',
    example: 1,
    description: 'Opt-outs that were there before, also those that have ended: an import does not bring them back.',
  })
  known!: number;

  @ApiProperty({
    type: [Number],
    example: [17],
    description:
      'The positions of entries that are no phone numbers, from 0, without a header and blank rows. At most 100.',
  })
  invalid!: readonly number[];

  @ApiProperty({ type: 'integer', example: 1 })
  invalidCount!: number;
}

/** The end of an opt-out. The outbox checks the texts. */
export class EndOptOutDto {
  @ApiProperty(NUMBER)
  @IsSmsNumber()
  number!: string;

  @ApiProperty({ ...TEXT, example: 'form 7', description: 'Where the new consent is written down.' })
  @Allow()
  consent!: string;

  @ApiPropertyOptional({ ...SENDER, description: 'The sender whose opt-out ends. Without it: those of all senders.' })
  @Allow()
  senderId?: string | null;

  @ActorField()
  actor?: string | undefined;
}

export class EndedOptOutDto {
  @ApiProperty({ example: true, description: '`false` if there was no active opt-out.' })
  ended!: boolean;
}

/** Numbers to look up. */
export class CheckOptOutsDto {
  @ApiProperty({ type: [String], maxItems: MAX_CHECKED, example: ['+91 8563 21412', '91856321413'] })
  @ValidateBy({
    name: 'numbers',
    validator: {
      validate: (value) =>
        Array.isArray(value) && value.length <= MAX_CHECKED && value.every((each) => typeof each === 'string'),
      defaultMessage: () => `$property must be a list of at most ${MAX_CHECKED} numbers as text`,
    },
  })
  numbers!: string[];
}

/** A person who wants no messages. */
export class OptOutDto implements OptOut {
  @ApiProperty({ example: '91856321412' })
  number!: string;

  @ApiPropertyOptional(STORED_SENDER)
  senderId?: string;

  @ApiProperty({ example: 'asked by phone', description: '`reply` if the person wrote so.' })
  reason!: string;

  @ApiProperty({
    example: 'ann (key shop)',
    description: '`recipient`, or the name of an API key with the person.',
  })
  actor!: string;

  @ApiProperty({ format: 'date-time' })
  since!: Date;
}

export class OptOutsDto {
  @ApiProperty({ type: [OptOutDto] })
  optOuts!: OptOutDto[];
}

/** An opt-out, also one that has ended. */
export class ListedOptOutDto extends OptOutDto implements ListedOptOut {
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'It is absent while the opt-out is active.' })
  endedAt?: Date;

  @ApiPropertyOptional({ type: String, example: 'ann (key shop)' })
  endedBy?: string;

  @ApiPropertyOptional({ type: String, example: 'form 7', description: 'Where the new consent is written down.' })
  consent?: string;
}

/** The place of an opt-out in the list. */
export class OptOutPlaceDto {
  @ApiProperty({ type: String, example: '91856321412' })
  @IsSmsNumber()
  number!: string;

  @ApiPropertyOptional(STORED_SENDER)
  @IsOptional()
  @Matches(SENDER_TEXT, { message: `$property must be text of 1 to ${MAX_TEXT} characters` })
  senderId?: string;
}

/** A page of opt-outs, or those of one number. */
export class SearchOptOutsDto {
  @ApiPropertyOptional({ ...NUMBER, nullable: true, description: 'Only opt-outs of this number.' })
  @IsOptional()
  @IsSmsNumber()
  number?: string | null;

  @ApiPropertyOptional({
    type: OptOutPlaceDto,
    example: { number: '91856321411' },
    description: 'Only opt-outs after this one: `after` of the previous page.',
  })
  @IsOptional()
  @ValidateNested()
  @IsObject({ message: '$property must be an object' })
  @Type(() => OptOutPlaceDto)
  after?: OptOutPlaceDto | null;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: 100, example: 100 })
  @IsOptional()
  @Max(MAX_LIMIT, LIMIT_RANGE)
  @Min(1, LIMIT_RANGE)
  @IsInt({ message: '$property must be a whole number' })
  limit?: number | null;
}

export class OptOutsPageDto {
  @ApiProperty({ type: [ListedOptOutDto] })
  optOuts!: ListedOptOutDto[];

  @ApiPropertyOptional({
    type: OptOutPlaceDto,
    description: 'The value of `after` for the next page; absent on the last page.',
  })
  after?: OptOutPlaceDto;
}
