import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const STATES = ['accepted', 'rejected', 'unknown', 'sending', 'delivered', 'failed'];

/** What a known message looks like to the API's readers. */
export class MessageBody {
  @ApiProperty({ example: 'order-1' })
  orderId!: string;

  @ApiPropertyOptional({ example: '2108021054011000095' })
  msgId?: string;

  @ApiProperty({ example: '91856321412' })
  number!: string;

  @ApiProperty({ enum: STATES, example: 'delivered' })
  state!: string;

  @ApiPropertyOptional({ example: 'UNDELIV' })
  reason?: string;

  @ApiPropertyOptional({ format: 'date-time' })
  reportedAt?: string;
}
