import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow } from 'class-validator';
import type { HeldDecision } from 'nestjs-laaffic-outbox';

/** A decision about held recipients; checked by the outbox. */
export class ResolveBody {
  @ApiProperty({
    enum: ['resend', 'abandon', 'sent'] satisfies HeldDecision[],
    example: 'abandon',
    description: '`resend`: send anew, and some may get it twice; `abandon`: ask no more; `sent`: they were sent to.',
  })
  @Allow()
  decision!: HeldDecision;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'integer', minimum: 0 },
    minItems: 1,
    example: [3],
    description: 'Whom it is about; all that are held without. Positions of others count for nothing.',
  })
  @Allow()
  positions?: number[] | undefined;

  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: 200,
    example: 'ann',
    description: 'Who decides: the history shows it behind the name of the API key, `shop (ann)`.',
  })
  @Allow()
  actor?: string | undefined;
}

/** What a decision has done. */
export class CountBody {
  @ApiProperty({ example: 1, description: 'About how many recipients it was; 0 if none of them was held.' })
  recipients!: number;
}
