import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { OutboxMessage, OutboxRecipient } from 'nestjs-laaffic-outbox';
import { UNCONFIRMED_ACTIONS } from '../../configuration.js';
import { RECIPIENT_STATES } from '../../recipients/recipient-states.js';

/** What the platform charges for one recipient. */
export class PriceDto {
  @ApiProperty({ example: '0.02', description: 'An exact decimal.' })
  total!: string;

  @ApiProperty({ example: 'EUR' })
  currency!: string;

  @ApiProperty({ example: 2, description: 'How many segments are charged.' })
  segments!: number;
}

/** The state of one recipient. */
export class RecipientDto {
  @ApiProperty({ example: 'order-1' })
  orderId!: string;

  @ApiPropertyOptional({
    type: String,
    example: '91856321412',
    description: 'Missing once the retention period is over.',
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

  @ApiPropertyOptional({ format: 'date-time', description: 'When the service learnt of it.' })
  reportedAt?: Date;

  @ApiPropertyOptional({ format: 'date-time', description: 'When it happened, according to the gateway.' })
  gatewayTime?: Date;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'When the request started, for unknown, held and abandoned recipients.',
  })
  sentAt?: Date;

  @ApiPropertyOptional({ type: PriceDto, description: 'What the platform charges, if a report said so.' })
  price?: PriceDto;

  @ApiPropertyOptional({ example: '404', description: 'The mobile country code, if a report said so.' })
  mcc?: string;

  @ApiPropertyOptional({ example: '10', description: 'The mobile network code, if a report said so.' })
  mnc?: string;
}

/** A message with its recipients. */
export class MessageDto {
  @ApiProperty({ example: '42' })
  id!: string;

  @ApiProperty({ format: 'date-time' })
  createdAt!: Date;

  @ApiPropertyOptional({ example: '7', description: 'The campaign that the message belongs to.' })
  campaignId?: string;

  @ApiPropertyOptional({ example: 'order 7', description: 'Missing once the retention period is over.' })
  reference?: string;

  @ApiPropertyOptional({
    enum: UNCONFIRMED_ACTIONS,
    example: 'abandon',
    description: 'Its own choice. Missing if its campaign, or the setting `UNCONFIRMED_MESSAGES`, decides.',
  })
  onUnconfirmed?: string;

  @ApiPropertyOptional({ type: Boolean, example: true, description: 'Whether its text is encrypted in the database.' })
  sealed?: boolean;

  @ApiProperty({ type: [RecipientDto] })
  recipients!: RecipientDto[];
}

/** A message that is stored, and whose outcome is not known yet. */
export class PendingMessageDto {
  @ApiProperty({ example: '42' })
  id!: string;

  @ApiProperty({ enum: ['pending'], example: 'pending' })
  status!: 'pending';

  @ApiProperty({ example: '/v1/messages/42' })
  location!: string;
}

export function toRecipientDto(recipient: OutboxRecipient): RecipientDto {
  const { orderId, number, msgId, state, code, reason, reportedAt, gatewayTime, sentAt, price, mcc, mnc } = recipient;
  const told = { ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) };
  const times = {
    ...(reportedAt === undefined ? {} : { reportedAt }),
    ...(gatewayTime === undefined ? {} : { gatewayTime }),
    ...(sentAt === undefined ? {} : { sentAt }),
  };
  const costs = {
    ...(price === undefined ? {} : { price }),
    ...(mcc === undefined ? {} : { mcc }),
    ...(mnc === undefined ? {} : { mnc }),
  };
  const id = msgId === undefined ? {} : { msgId };
  return { orderId, ...id, number, state, ...told, ...times, ...costs };
}

export function toMessageDto(message: OutboxMessage): MessageDto {
  const { id, createdAt, campaignId, reference, onUnconfirmed, sealed, recipients } = message;
  const part = campaignId === undefined ? {} : { campaignId };
  const handle = reference === undefined ? {} : { reference };
  const choice = onUnconfirmed === undefined ? {} : { onUnconfirmed };
  const seal = sealed === undefined ? {} : { sealed };
  return { id, createdAt, ...part, ...handle, ...choice, ...seal, recipients: recipients.map(toRecipientDto) };
}
