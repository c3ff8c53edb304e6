import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow } from 'class-validator';
import type { HeldDecision } from 'nestjs-laaffic-outbox';

/** A decision about held recipients; checked by the outbox. */
export class ResolveBody {
  @ApiProperty({
    enum: ['resend', 'abandon', 'sent'] satisfies HeldDecision[],
    description: '`resend`: send anew, and some may get it twice; `abandon`: ask no more; `sent`: they were sent to.',
  })
  @Allow()
  decision!: HeldDecision;

  @ApiPropertyOptional({ type: [Number], description: 'Whom it is about; all that are held without.' })
  @Allow()
  positions?: number[] | undefined;

  @ApiPropertyOptional({ minLength: 1, maxLength: 255, default: 'api', description: 'Who decides, for the journal.' })
  @Allow()
  by?: string | undefined;
}

/** What a decision has done. */
export class CountBody {
  @ApiProperty({ description: 'About how many recipients it was.' })
  recipients!: number;
}
