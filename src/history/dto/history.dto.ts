import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { HistoryFilter, ListedHistoryEntry } from 'nestjs-laaffic-outbox';
import { QueryCursor, QueryInstant, QueryInteger, QueryText } from '../../common/http/query-fields.js';

/** A page of the history. */
export class HistoryQueryDto implements HistoryFilter {
  @QueryCursor('campaign', 'Only entries of this campaign.')
  campaignId?: string;

  @QueryCursor('message', 'Only entries of this message. Not together with `campaignId`.')
  messageId?: string;

  @QueryText('Only entries of this event, such as `held`. `sending` and `completed` need a campaign or message.')
  event?: string;

  @QueryText(
    'Only what this actor did: a worker, `gateway`, or the name of an API key with the person: `ann (key shop)`.',
  )
  actor?: string;

  @QueryInstant('Only entries of this time or later.')
  from?: Date;

  @QueryInstant('Only entries before this time.')
  to?: Date;

  @QueryCursor('entry', 'Only entries older than the one with this id.')
  before?: string;

  @QueryInteger({ min: 1, max: 1_000, default: 50 })
  limit: number = 50;
}

/** What happened, when, and who did it. */
export class HistoryEntryDto implements ListedHistoryEntry {
  @ApiProperty({ example: '1007' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  at!: Date;

  @ApiProperty({ example: 'marked as sent' })
  event!: string;

  @ApiProperty({
    example: 'ann (key shop)',
    description: 'A worker, `gateway`, or the name of an API key with the person.',
  })
  actor!: string;

  @ApiPropertyOptional({ example: '42' })
  messageId?: string;

  @ApiPropertyOptional({ example: '7' })
  campaignId?: string;

  @ApiPropertyOptional({ type: String, example: '42', description: 'The recipients of one request.' })
  chunkId!: string | undefined;

  @ApiPropertyOptional({ type: Number, example: 1, description: 'The number of the attempt, from 1.' })
  attempt!: number | undefined;

  @ApiPropertyOptional({ type: String, example: '1 recipients', description: 'A code, or a number of recipients.' })
  detail!: string | undefined;
}

export class HistoryPageDto {
  @ApiProperty({ type: [HistoryEntryDto] })
  entries!: readonly HistoryEntryDto[];

  @ApiPropertyOptional({
    type: String,
    example: '1007',
    description:
      'The value of `before` for the next page; absent on the last page. A page may be empty and not the last.',
  })
  before?: string;
}
