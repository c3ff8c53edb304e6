import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { KEY_NAME } from '../../common/auth/api-key.js';
import { ActorField } from '../../common/auth/caller.js';
import { SCOPES, type Scope } from '../../common/auth/scopes.js';
import { IsInstant } from '../../common/http/instant.js';
import { QueryCursor, QueryInteger } from '../../common/http/query-fields.js';

const MIN_RATE = 0.01;
const MAX_RATE = 10_000;
const MAX_BURST = 100_000;
const RATE = 'How many requests the key may make in a second, at each instance.';
const BURST = 'How many requests may come at once after a pause.';

/** A new API key. */
export class CreateApiKeyDto {
  @ApiProperty({
    example: 'crm',
    maxLength: 40,
    description:
      'For the history. Letters, digits, dots, hyphens and underscores, beginning with a letter or digit. Only one valid key ' +
      'has a name.',
  })
  @Matches(KEY_NAME, {
    message:
      '$property must be at most 40 letters, digits, dots, hyphens and underscores, beginning with a letter or digit',
  })
  name!: string;

  @ApiProperty({
    enum: SCOPES,
    isArray: true,
    minItems: 1,
    example: ['messages:send', 'messages:read'],
    description: 'What the key may do. The caller must have these scopes.',
  })
  @IsIn(SCOPES, { each: true, message: '$property has an unknown scope' })
  @ArrayUnique({ message: '$property must not have a scope twice' })
  @ArrayNotEmpty({ message: '$property must have at least one scope' })
  @IsArray({ message: '$property must be a list of scopes' })
  scopes!: Scope[];

  @ApiPropertyOptional({
    type: Number,
    nullable: true,
    minimum: MIN_RATE,
    maximum: MAX_RATE,
    example: 5,
    description: `${RATE} Without it there is no limit.`,
  })
  @IsOptional()
  @Max(MAX_RATE, { message: `$property must be from ${MIN_RATE} to ${MAX_RATE}` })
  @Min(MIN_RATE, { message: `$property must be from ${MIN_RATE} to ${MAX_RATE}` })
  @IsNumber({}, { message: '$property must be a number' })
  requestsPerSecond?: number | null;

  @ApiPropertyOptional({
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: MAX_BURST,
    example: 20,
    description: `${BURST} Without it: those of a second.`,
  })
  @IsOptional()
  @Max(MAX_BURST, { message: `$property must be from 1 to ${MAX_BURST}` })
  @Min(1, { message: `$property must be from 1 to ${MAX_BURST}` })
  @IsInt({ message: '$property must be a whole number' })
  burst?: number | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2099-01-31T09:00:00Z',
    description: 'When the key ends. Without it, it is valid until it is revoked.',
  })
  @IsOptional()
  @IsInstant()
  expiresAt?: string | null;

  @ActorField()
  actor?: string | undefined;
}

/** An API key, without the key itself. */
export class ApiKeyDto {
  @ApiProperty({ example: '12' })
  id!: string;

  @ApiProperty({ example: 'crm' })
  name!: string;

  @ApiProperty({ example: 'laaffic_Xq3v', description: 'How the key begins.' })
  start!: string;

  @ApiProperty({ type: [String], enum: SCOPES, example: ['messages:send', 'messages:read'] })
  scopes!: readonly string[];

  @ApiPropertyOptional({ type: Number, example: 5, description: RATE })
  requestsPerSecond?: number;

  @ApiPropertyOptional({ type: 'integer', example: 20, description: BURST })
  burst?: number;

  @ApiPropertyOptional({ type: String, format: 'date-time', example: '2099-01-31T09:00:00.000Z' })
  expiresAt?: Date;

  @ApiProperty({ format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ example: 'ann (key admin)', description: 'The API key that created it, with the person.' })
  actor!: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Its last use, to about a minute.' })
  usedAt?: Date;

  @ApiPropertyOptional({ type: String, format: 'date-time' })
  revokedAt?: Date;

  @ApiPropertyOptional({ type: String, example: 'admin', description: 'The API key that revoked it.' })
  revokedActor?: string;
}

/** A new API key. */
export class CreatedApiKeyDto extends ApiKeyDto {
  @ApiProperty({
    example: 'laaffic_Xq3vT0aB…',
    description: 'The key. No other response has it: keep it now.',
  })
  key!: string;
}

/** A page of API keys. */
export class ApiKeysDto {
  @ApiProperty({ type: [ApiKeyDto] })
  apiKeys!: ApiKeyDto[];

  @ApiPropertyOptional({
    type: String,
    example: '12',
    description: 'The value of `before` for the next page; absent on the last page.',
  })
  before?: string;
}

/** Which page of API keys. */
export class ApiKeysQueryDto {
  @QueryInteger({ min: 1, max: 1_000, default: 50 })
  limit: number = 50;

  @QueryCursor('API key', 'Only keys older than the one with this id.')
  before?: string;
}
