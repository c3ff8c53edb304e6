import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Allow, ValidateBy } from 'class-validator';
import type { HeldDecision, ResolveOptions } from 'nestjs-laaffic-outbox';
import { ActorField, actorOf } from '../../common/auth/caller.js';

/** A decision about held recipients. The outbox checks `decision` and `positions`. */
export class ResolveHeldDto {
  @ApiProperty({
    enum: ['resend', 'abandon', 'sent'] satisfies HeldDecision[],
    example: 'abandon',
    description:
      '`resend` sends again, so that some recipients may get the message twice; `abandon` closes the case without an ' +
      'outcome; `sent` records that the message was sent.',
  })
  @Allow()
  decision!: HeldDecision;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'integer', minimum: 0 },
    minItems: 1,
    example: [3],
    description:
      'The recipients to decide about. Without it: all held recipients. Positions that are not held are ignored.',
  })
  @IsNotEmptyList()
  positions?: number[] | undefined;

  @ActorField()
  actor?: string | undefined;
}

/** An empty list must not be taken for a missing one, which means all recipients. */
function IsNotEmptyList(): PropertyDecorator {
  return ValidateBy({
    name: 'notEmptyList',
    validator: {
      validate: (value) => !Array.isArray(value) || value.length > 0,
      defaultMessage: () => '$property must name at least one recipient; leave it out to decide about all of them',
    },
  });
}

/** @param caller the name of the API key. */
export function resolveOptionsOf(caller: string, { positions, actor }: ResolveHeldDto): ResolveOptions {
  return { actor: actorOf(caller, actor), positions };
}

/** How many recipients something was done to. */
export class RecipientCountDto {
  @ApiProperty({ example: 1, description: 'The number of recipients that were changed; 0 if there were none.' })
  recipientCount!: number;
}
