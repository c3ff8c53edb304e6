import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { Allow, IsIn, IsOptional, ValidateBy } from 'class-validator';
import type { Issue } from 'nestjs-laaffic';
import type { NewCampaign, UnconfirmedAction } from 'nestjs-laaffic-outbox';
import { IsInstant } from '../../common/http/instant.js';
import { UNCONFIRMED_ACTIONS } from '../../configuration.js';
import { recipientSchema } from '../../recipients/recipient.schema.js';

const RECIPIENT_FIELDS: readonly string[] = ['number', 'orderId'];

/** A campaign without its recipients. The outbox checks what has no validation here. */
export type CampaignHead = Omit<NewCampaign, 'recipients' | 'idempotencyKey' | 'actor'>;

interface FieldSchema {
  readonly type: 'string' | 'integer';
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly enum?: string[];
  readonly description?: string;
}

/**
 * The OpenAPI schemas of the fields of every new campaign. They have no examples and defaults, because the API page would
 * send those of the query together with a JSON body, which is rejected.
 */
const FIELDS = {
  name: { type: 'string', minLength: 1, maxLength: 255 },
  content: { type: 'string', minLength: 1, maxLength: 1024 },
  senderId: { type: 'string', maxLength: 32 },
  sendAt: {
    type: 'string',
    description:
      'When the campaign starts: a time with its offset, or `now`. Without it, the campaign waits for `start`.',
  },
  priority: {
    type: 'integer',
    description: 'Running campaigns with the highest priority are sent first. Without it: 0.',
  },
  duplicates: {
    type: 'string',
    enum: ['keep', 'reject'],
    description: 'What happens to numbers that occur more than once.',
  },
  onUnconfirmed: {
    type: 'string',
    enum: [...UNCONFIRMED_ACTIONS],
    description:
      'What happens to recipients without evidence after the grace period. `hold` waits for a manual decision; `resend` ' +
      'may send twice; `abandon` leaves the outcome unknown. Without it: the setting `UNCONFIRMED_CAMPAIGNS`.',
  },
} satisfies Record<string, FieldSchema>;

/** The OpenAPI schemas of the query of an upload. */
export const UPLOAD_FIELDS = {
  ...FIELDS,
  numberColumn: {
    type: 'string',
    description:
      'The column of the numbers: its name, or in CSV its place, counted from 1. Without it: the column `number`, ' +
      '`phone`, `mobile`, `msisdn` or `to`, or the only column.',
  },
  orderIdColumn: {
    type: 'string',
    description: 'The column of the order ids, in the same way, or `none`. Without it: the column `orderId`.',
  },
};

class CampaignFieldsDto {
  @ApiProperty(FIELDS.name)
  @Allow()
  name!: string;

  @ApiProperty(FIELDS.content)
  @Allow()
  content!: string;

  @ApiPropertyOptional(FIELDS.senderId)
  @Allow()
  senderId?: string | undefined;

  @ApiPropertyOptional(FIELDS.sendAt)
  @IsOptional()
  @IsInstant('now')
  sendAt?: string | null;

  @ApiPropertyOptional(FIELDS.priority)
  @Allow()
  priority?: number | null;

  @ApiPropertyOptional(FIELDS.duplicates)
  @Allow()
  duplicates?: 'keep' | 'reject' | null;

  @ApiPropertyOptional(FIELDS.onUnconfirmed)
  @IsOptional()
  @IsIn(UNCONFIRMED_ACTIONS, { message: `$property must be one of ${UNCONFIRMED_ACTIONS.join(', ')}` })
  onUnconfirmed?: UnconfirmedAction | null;
}

/** A new campaign as JSON. */
export class CreateCampaignDto extends CampaignFieldsDto {
  @ApiProperty({ type: 'array', minItems: 1, items: recipientSchema })
  // Recipients are plain data, and class-transformer would copy them.
  @Transform(({ obj }: { obj: { recipients?: unknown } }) => obj.recipients)
  @IsNotEmptyList()
  recipients!: NewCampaign['recipients'] & readonly unknown[];
}

/** The query of a campaign whose recipients are uploaded as CSV or NDJSON. */
export class UploadCampaignQueryDto extends CampaignFieldsDto {
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value,
  )
  declare priority?: number | null;

  @IsColumn()
  numberColumn?: string;

  @IsColumn()
  orderIdColumn?: string;
}

export function campaignHeadOf(fields: CampaignFieldsDto): CampaignHead {
  const { name, content, senderId, sendAt, priority, duplicates, onUnconfirmed } = fields;
  return {
    name,
    content,
    senderId,
    sendAt: sendAt === 'now' || sendAt == null ? (sendAt ?? undefined) : new Date(sendAt),
    priority: priority ?? undefined,
    duplicates: duplicates ?? undefined,
    onUnconfirmed: onUnconfirmed ?? undefined,
  };
}

/** Names the recipients with an unknown field, which may be a misspelt order id. */
export function unknownRecipientFields(recipients: readonly unknown[]): Issue[] {
  return recipients.flatMap((recipient, index) => {
    if (typeof recipient !== 'object' || recipient === null || Array.isArray(recipient)) return [];
    if (Object.keys(recipient).every((field) => RECIPIENT_FIELDS.includes(field))) return [];
    const problem = `has an unknown field; known are ${RECIPIENT_FIELDS.join(' and ')}`;
    return [{ field: `recipients[${index}]`, problem }];
  });
}

function IsNotEmptyList(): PropertyDecorator {
  return ValidateBy({
    name: 'list',
    validator: {
      validate: (value) => Array.isArray(value) && value.length > 0,
      defaultMessage: () => '$property must be a list of at least one recipient',
    },
  });
}

function IsColumn(): PropertyDecorator {
  return ValidateBy({
    name: 'column',
    validator: {
      validate: (value) => value === undefined || (typeof value === 'string' && value.trim() !== ''),
      defaultMessage: () => '$property must be the name of a column, or its place, counted from 1',
    },
  });
}
