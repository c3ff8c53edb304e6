import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CostsRange, DailyCosts } from 'nestjs-laaffic-outbox';
import { QueryDay } from '../../common/http/query-fields.js';

/** The days whose costs to show. */
export class CostsQueryDto implements CostsRange {
  @QueryDay('The first day, in UTC.')
  from!: string;

  @QueryDay('The last day, in UTC; at most 366 days in all.')
  to!: string;
}

/** What the platform charged for the messages of one day to one country, in one currency. */
export class DailyCostsDto implements DailyCosts {
  @ApiProperty({ format: 'date', example: '2027-01-31', description: 'The day of the requests, in UTC.' })
  day!: string;

  @ApiPropertyOptional({
    example: '404',
    description: 'The mobile country code. Missing for messages whose reports did not say it.',
  })
  mcc?: string;

  @ApiProperty({ example: 'EUR' })
  currency!: string;

  @ApiProperty({ example: 1200, description: 'How many recipients have a price.' })
  recipients!: number;

  @ApiProperty({ example: 1350, description: 'How many segments are charged.' })
  segments!: number;

  @ApiProperty({ example: '13.5', description: 'An exact decimal.' })
  total!: string;
}

export class CostsDto {
  @ApiProperty({ type: [DailyCostsDto], description: 'By day, country and currency, in this order.' })
  costs!: DailyCostsDto[];
}
