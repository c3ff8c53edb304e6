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

/** What the library's receipt looks like to the API's readers. */
export class ReceiptBody {
  @ApiProperty({ type: [Accepted], description: 'The gateway took these.' })
  accepted!: Accepted[];

  @ApiProperty({ type: [NotAccepted], description: 'Surely not sent; sending again is safe.' })
  rejected!: NotAccepted[];

  @ApiProperty({ type: [NotAccepted], description: 'Perhaps sent; sending again may send them twice.' })
  unknown!: NotAccepted[];
}
