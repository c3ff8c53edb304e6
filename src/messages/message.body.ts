import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { OutboxMessage, OutboxRecipient } from 'nestjs-laaffic-outbox';
import { RECIPIENT_STATES } from '../results/recipient-states.js';

/** What is known of one recipient. */
export class RecipientBody {
  @ApiProperty({ example: 'order-1' })
  orderId!: string;

  @ApiPropertyOptional({
    type: String,
    example: '91856321412',
    description: 'Not there once it was removed for its age.',
  })
  number?: string | undefined;

  @ApiPropertyOptional({ example: '2108021054011000095' })
  msgId?: string;

  @ApiProperty({ enum: RECIPIENT_STATES, example: 'delivered' })
  state!: string;

  @ApiPropertyOptional({ example: 'LAAFFIC_ABNORMAL_NUMBER' })
  code?: string;

  @ApiPropertyOptional({ example: 'UNDELIV' })
  reason?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'When the service heard of it.' })
  reportedAt?: Date;

  @ApiPropertyOptional({ format: 'date-time', description: 'When it was, in the words of the gateway.' })
  gatewayTime?: Date;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'When its request began; of those that are unknown, held or abandoned.',
  })
  sentAt?: Date;
}

/** A message, found by its id. */
export class MessageBody {
  @ApiProperty({ example: '42' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: Date;

  @ApiPropertyOptional({ example: '7', description: 'The campaign that it is a part of.' })
  campaignId?: string;

  @ApiPropertyOptional({ example: 'order 7', description: 'Not there once it was removed for its age.' })
  reference?: string;

  @ApiProperty({ type: [RecipientBody] })
  recipients!: RecipientBody[];
}

/** A message that is taken, and not decided. */
export class PendingMessageBody {
  @ApiProperty({ example: '42' })
  id!: string;

  @ApiProperty({ enum: ['pending'], example: 'pending' })
  status!: 'pending';

  @ApiProperty({ example: '/v1/messages/42' })
  location!: string;
}

export function recipientBody(recipient: OutboxRecipient): RecipientBody {
  const { orderId, number, msgId, state, code, reason, reportedAt, gatewayTime, sentAt } = recipient;
  const told = { ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
  const times = {
    ...(reportedAt === undefined ? {} : { reportedAt }),
    ...(gatewayTime === undefined ? {} : { gatewayTime }),
    ...(sentAt === undefined ? {} : { sentAt }),
  };
  const id = msgId === undefined ? {} : { msgId };
  return { orderId, ...id, number, state, ...told, ...times };
}

export function messageBody({ id, createdAt, campaignId, reference, recipients }: OutboxMessage): MessageBody {
  const part = campaignId === undefined ? {} : { campaignId };
  const handle = reference === undefined ? {} : { reference };
  return { id, createdAt, ...part, ...handle, recipients: recipients.map(recipientBody) };
}
