import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import { IsOptional, IsString } from 'class-validator';
import type { RecipientInput } from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';
import { IsMoment } from '../http/is-moment.js';

export const recipientSchema = {
  oneOf: [
    { type: 'string', example: '+91 8563 21412', description: 'A phone number with country code.' },
    {
      type: 'object',
      required: ['number'],
      additionalProperties: false,
      properties: {
        number: { type: 'string', example: '91856321412' },
        orderId: { type: 'string', maxLength: 64, example: 'order-1', description: 'Your own id, echoed in reports.' },
      },
    },
  ],
};

/** The command of the library, with its description for the API's readers; it is validated as it is. */
export class SendMessageBody extends SendSmsCommand {
  @ApiProperty({
    description: 'Who gets it: one recipient, or a list of at most 1,000.',
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
    description: 'When it is to be sent; the answer is 202.',
  })
  @Expose()
  @IsOptional()
  @IsMoment()
  sendAt?: string | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2099-01-31T10:00:00+05:30',
    description: 'After that it is not sent any more.',
  })
  @Expose()
  @IsOptional()
  @IsMoment()
  sendBefore?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    minLength: 1,
    maxLength: 255,
    example: 'order 7',
    description: 'What you call the message. It is shown with it and not sent; it need not be unique.',
  })
  @Expose()
  @IsOptional()
  @IsString()
  reference?: string | null;
}

/** What the page of the API offers to send. */
export const sendExamples = {
  'one recipient': { value: { to: '+91 8563 21412', content: 'Your table is ready' } },
  'several, one with an order id of your own': {
    value: {
      to: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
      content: 'Your table is ready',
      senderId: 'ACME',
      reference: 'order 7',
    },
  },
  'later, or not at all': {
    value: {
      to: '+91 8563 21412',
      content: 'Your table is ready',
      sendAt: '2099-01-31T09:00:00+05:30',
      sendBefore: '2099-01-31T10:00:00+05:30',
    },
  },
};
