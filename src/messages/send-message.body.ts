import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { RecipientInput } from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';

const recipient = {
  oneOf: [
    { type: 'string', example: '+91 8563 21412', description: 'A phone number with country code.' },
    {
      type: 'object',
      required: ['number'],
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
    oneOf: [...recipient.oneOf, { type: 'array', minItems: 1, maxItems: 1000, items: recipient }],
    example: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
  })
  declare to: RecipientInput | readonly RecipientInput[];

  @ApiProperty({ minLength: 1, maxLength: 1024, example: 'Your table is ready' })
  declare content: string;

  @ApiPropertyOptional({ maxLength: 32, example: 'ACME' })
  declare senderId?: string | undefined;
}
