import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { QueryCursor, QueryInteger } from '../../common/http/query-fields.js';

/** A page of pushes. */
export class UnreadablePushesQueryDto {
  @QueryInteger({ min: 1, max: 100, default: 50 })
  limit: number = 50;

  @QueryCursor('push', 'Only pushes older than the one with this id.')
  before?: string;
}

/** A push that could not be read. */
export class UnreadablePushDto {
  @ApiProperty({ example: '7' })
  id!: string;

  @ApiProperty({ format: 'date-time', description: 'When it arrived; the first time, if it arrived again.' })
  receivedAt!: Date;

  @ApiProperty({ enum: ['reports', 'inbound'], example: 'reports' })
  route!: string;

  @ApiProperty({
    enum: ['too-long', 'wrong-encoding', 'malformed-json', 'missing-fields'],
    example: 'missing-fields',
  })
  reason!: string;

  @ApiProperty({ example: '{"mobile":"91856321412"}', description: 'The body, read as UTF-8.' })
  text!: string;

  @ApiProperty({ format: 'byte', example: 'eyJtb2JpbGUiOiI5MTg1NjMyMTQxMiJ9', description: 'The body as it arrived.' })
  base64!: string;
}

export class UnreadablePushesDto {
  @ApiProperty({ type: [UnreadablePushDto] })
  pushes!: UnreadablePushDto[];

  @ApiPropertyOptional({ type: String, example: '7', description: 'For the next page; absent on the last one.' })
  before?: string;
}
