import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { invalidCommand } from 'nestjs-laaffic';
import type { Lane, ListedMessage, MessageFilter, MessageRecipientState } from 'nestjs-laaffic-outbox';
import { QueryCursor, QueryInstant, QueryInteger, QueryOneOf, QueryText } from '../../common/http/query-fields.js';
import { RECIPIENT_STATES } from '../../recipients/recipient-states.js';

const LANES = ['priority', 'bulk'] as const satisfies Lane[];

/** A page of messages, or the message or recipient with an order id. */
export class MessagesQueryDto implements MessageFilter {
  @QueryText('The order id of a recipient. It must be the only filter.')
  orderId?: string;

  @QueryOneOf(RECIPIENT_STATES.filter((state) => state !== 'invalid'))
  state?: MessageRecipientState;

  @QueryOneOf(LANES)
  lane?: Lane;

  @QueryInstant('Only messages that were created at this time or later.')
  from?: Date;

  @QueryInstant('Only messages that were created before this time.')
  to?: Date;

  @QueryText('Only messages to this number. It does not find messages to several recipients.')
  number?: string;

  @QueryText('Only messages with this reference.')
  reference?: string;

  @QueryCursor('message', 'Only messages older than the one with this id.')
  before?: string;

  @QueryInteger({ min: 1, max: 200, default: 50 })
  limit: number = 50;
}

/** @throws {LaafficInputException} if there is an order id and another filter. */
export function requireOnlyFilter(query: MessagesQueryDto): void {
  const { orderId, state, lane, from, to, number, reference, before } = query;
  const others: readonly unknown[] = [state, lane, from, to, number, reference, before];
  if (orderId === undefined || others.every((value) => value === undefined)) return;
  throw invalidCommand([{ field: 'orderId', problem: 'must be the only filter' }]);
}

/** The number of recipients in each state that occurs. */
class MessageCountsDto implements Partial<Record<MessageRecipientState, number>> {
  @ApiPropertyOptional({ description: 'Waiting to be sent.' })
  pending?: number;

  @ApiPropertyOptional({ description: 'Their request is in flight.' })
  sending?: number;

  @ApiPropertyOptional({ description: 'Accepted by the gateway, and not reported as delivered or failed yet.' })
  accepted?: number;

  @ApiPropertyOptional({ example: 2 })
  delivered?: number;

  @ApiPropertyOptional()
  failed?: number;

  @ApiPropertyOptional({ example: 1, description: 'Rejected by the gateway, so not sent.' })
  rejected?: number;

  @ApiPropertyOptional()
  cancelled?: number;

  @ApiPropertyOptional({ description: 'Perhaps sent; the service waits for evidence.' })
  unknown?: number;

  @ApiPropertyOptional({ description: 'Perhaps sent; a manual decision is needed.' })
  held?: number;

  @ApiPropertyOptional({ description: 'Perhaps sent, and left unknown for ever.' })
  abandoned?: number;
}

/** A message without its text and its single recipients. */
export class ListedMessageDto implements ListedMessage {
  @ApiProperty({ example: '42' })
  id!: string;

  @ApiPropertyOptional({ example: 'order 7', description: 'Missing once the retention period is over.' })
  reference?: string;

  @ApiProperty({ enum: LANES, example: 'priority' })
  lane!: Lane;

  @ApiPropertyOptional({
    example: '91856321412',
    description: 'The number of the first recipient; missing once the retention period is over.',
  })
  number?: string;

  @ApiProperty({ example: 3, description: 'The number of recipients.' })
  total!: number;

  @ApiProperty({ type: MessageCountsDto, description: 'The number of recipients in each state that occurs.' })
  counts!: MessageCountsDto;

  @ApiProperty({ format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ format: 'date-time', description: 'When it is due, or was due first.' })
  dueAt!: Date;

  @ApiProperty({ format: 'date-time', description: 'When it was last changed; reports of delivery do not count.' })
  changedAt!: Date;

  @ApiProperty({ example: 1, description: 'How often it was tried to send.' })
  attempts!: number;
}

/** A page of messages. */
export class MessagesDto {
  @ApiProperty({ type: [ListedMessageDto] })
  messages!: readonly ListedMessageDto[];

  @ApiPropertyOptional({
    type: String,
    example: '42',
    description:
      'The value of `before` for the next page; absent on the last page. A page may be empty and not the last.',
  })
  before?: string;
}
