import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class Outcome {
  @ApiProperty({ example: '91856321412' })
  number!: string;

  @ApiProperty({ example: 'order-1' })
  orderId!: string;
}

class Accepted extends Outcome {
  @ApiProperty({ example: '2108021054011000095' })
  msgId!: string;
}

class NotAccepted extends Outcome {
  @ApiProperty({ example: 'LAAFFIC_ABNORMAL_NUMBER' })
  code!: string;

  @ApiProperty({ example: 'DST_MCCMNC_LIMIT' })
  reason!: string;

  @ApiPropertyOptional({ example: '2108021054011000096' })
  msgId?: string;
}

/** A message with the outcome of each recipient. */
export class SentMessageDto {
  @ApiProperty({ example: '42', description: 'The id for `GET /v1/messages/:id`.' })
  id!: string;

  @ApiProperty({ type: [Accepted], description: 'The gateway accepted these.' })
  accepted!: Accepted[];

  @ApiProperty({ type: [NotAccepted], description: 'Not sent; sending again is safe.' })
  rejected!: NotAccepted[];

  @ApiProperty({ type: [NotAccepted], description: 'Perhaps sent; sending again may send the message twice.' })
  unknown!: NotAccepted[];
}
