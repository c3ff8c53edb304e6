import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString } from 'class-validator';
import type { RecipientInput } from 'nestjs-laaffic';
import type { MessagePurpose, UnconfirmedAction } from 'nestjs-laaffic-outbox';
import { SendSmsCommand } from 'nestjs-laaffic/commands';
import { IsInstant } from '../../common/http/instant.js';
import { UNCONFIRMED_ACTIONS } from '../../configuration.js';
import { recipientSchema } from '../../recipients/recipient.schema.js';

const PURPOSES = Object.keys({
  otp: true,
  transactional: true,
  marketing: true,
} satisfies Record<MessagePurpose, true>);

/** The library's command with its validation, its OpenAPI description, and what only the service can do. */
export class SendMessageDto extends SendSmsCommand {
  @ApiProperty({
    description: 'One recipient, or a list of at most 1,000.',
    oneOf: [...recipientSchema.oneOf, { type: 'array', minItems: 1, maxItems: 1000, items: recipientSchema }],
    example: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
  })
  declare to: RecipientInput | readonly RecipientInput[];

  @ApiProperty({ type: String, minLength: 1, maxLength: 1024, example: 'Your table is ready' })
  declare content: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 32, example: 'ACME' })
  declare senderId?: string | undefined;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2099-01-31T09:00:00+05:30',
    description: 'When to send the message. The response is 202.',
  })
  @Expose()
  @IsOptional()
  @IsInstant()
  sendAt?: string | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2099-01-31T10:00:00+05:30',
    description: 'The message is not sent after this time.',
  })
  @Expose()
  @IsOptional()
  @IsInstant()
  sendBefore?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    minLength: 1,
    maxLength: 255,
    example: 'order 7',
    description: 'Your own name for the message. It is shown with the message and never sent; it need not be unique.',
  })
  @Expose()
  @IsOptional()
  @IsString()
  reference?: string | null;

  @ApiPropertyOptional({
    enum: UNCONFIRMED_ACTIONS,
    nullable: true,
    example: 'abandon',
    description:
      'What happens to recipients without evidence after the grace period. `hold` waits for a manual decision; `resend` ' +
      'may send twice; `abandon` leaves the outcome unknown. Without it: the setting `UNCONFIRMED_MESSAGES`.',
  })
  @Expose()
  @IsOptional()
  @IsIn(UNCONFIRMED_ACTIONS, { message: `$property must be one of ${UNCONFIRMED_ACTIONS.join(', ')}` })
  onUnconfirmed?: UnconfirmedAction | null;

  @ApiPropertyOptional({
    enum: PURPOSES,
    nullable: true,
    example: 'transactional',
    description:
      '`otp` for one-time passwords, which also reach people who have opted out; `transactional` for what a person is ' +
      'waiting for; `marketing` for everything else. Without it: `transactional`.',
  })
  @Expose()
  @IsOptional()
  @IsIn(PURPOSES, { message: `$property must be one of ${PURPOSES.join(', ')}` })
  purpose?: MessagePurpose | null;

  @ApiPropertyOptional({
    type: Boolean,
    nullable: true,
    example: false,
    description: 'Whether the text is encrypted in the database, as for a one-time password. Needs SEAL_KEYS.',
  })
  @Expose()
  @IsOptional()
  @IsBoolean()
  sealed?: boolean | null;
}

/** The examples that the API page offers. */
export const sendExamples = {
  'one recipient': { value: { to: '+91 8563 21412', content: 'Your table is ready' } },
  'several recipients, one with an order id': {
    value: {
      to: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
      content: 'Your table is ready',
      senderId: 'ACME',
      reference: 'order 7',
    },
  },
  'scheduled, with a deadline': {
    value: {
      to: '+91 8563 21412',
      content: 'Your table is ready',
      sendAt: '2099-01-31T09:00:00+05:30',
      sendBefore: '2099-01-31T10:00:00+05:30',
    },
  },
};
