import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CapStatus, GuardAlarmType } from 'nestjs-laaffic-verify';

const TIME = { type: String, format: 'date-time', example: '2027-01-31T09:10:00.000Z' };
const COUNTRY = { example: 'GB', description: 'An ISO code.' };
const COUNT = { type: 'integer', example: 12 } as const;
const VERDICT = { enum: ['allow', 'deny'], example: 'deny' };

const CAPS = Object.keys({
  messagesPerHour: true,
  messagesPerDay: true,
  spendPerDay: true,
  spendPerCountryPerDay: true,
} satisfies Record<CapStatus['cap'], true>);

const ALARM_TYPES = Object.keys({
  range: true,
  budget: true,
  cap: true,
  'near-cap': true,
  trouble: true,
  challenge: true,
  lookup: true,
  'test-number': true,
  'sim-change': true,
  'source-unknown': true,
} satisfies Record<GuardAlarmType, true>);

/** The starts of a country in an hour or a day. */
export class BudgetStatusDto {
  @ApiProperty({ ...COUNT, description: 'Starts of numbers that were not verified before.' })
  starts!: number;

  @ApiProperty({ ...COUNT, example: 7, description: 'How many of them were approved.' })
  approvals!: number;

  @ApiProperty({ type: 'number', example: 31.5, description: 'How many starts without an approval are suspicious.' })
  budget!: number;

  @ApiProperty({ type: 'boolean', example: false, description: 'Whether the budget is used up.' })
  isOver!: boolean;
}

/** The messages of a country. */
export class MessageCountsDto {
  @ApiProperty(COUNT)
  hour!: number;

  @ApiProperty({ ...COUNT, example: 140 })
  day!: number;
}

/** What a segment costs in a country. */
export class PriceDto {
  @ApiProperty({ type: 'number', example: 0.04 })
  perSegment!: number;

  @ApiProperty({
    type: 'boolean',
    example: true,
    description: 'Whether it is what the platform has charged. Otherwise it is that of `VERIFY_PRICES`.',
  })
  isLearned!: boolean;
}

/** The traffic of a country. */
export class CountryStatusDto {
  @ApiProperty(COUNTRY)
  country!: string;

  @ApiProperty({ type: BudgetStatusDto })
  hour!: BudgetStatusDto;

  @ApiProperty({ type: BudgetStatusDto })
  day!: BudgetStatusDto;

  @ApiProperty({ type: 'number', example: 0.81, description: 'The share of starts that are usually approved.' })
  conversion!: number;

  @ApiProperty({ type: 'boolean', example: false, description: 'Whether messages do not arrive.' })
  isInTrouble!: boolean;

  @ApiProperty({ type: MessageCountsDto })
  messages!: MessageCountsDto;

  @ApiProperty({
    type: 'number',
    example: 5.6,
    description: 'The cost of 24 hours, by the prices when they were sent.',
  })
  spentPerDay!: number;

  @ApiProperty({ type: PriceDto })
  price!: PriceDto;
}

/** What is used of a cap. */
export class CapStatusDto {
  @ApiProperty({ enum: CAPS, example: 'messagesPerDay' })
  cap!: string;

  @ApiPropertyOptional({ type: String, ...COUNTRY })
  country?: string;

  @ApiProperty({ type: 'number', example: 140 })
  used!: number;

  @ApiProperty({ type: 'number', example: 3_000 })
  limit!: number;

  @ApiProperty({ type: 'boolean', example: false, description: 'Whether no more messages are sent.' })
  isReached!: boolean;
}

/** A range that is blocked. */
export class BlockedRangeDto {
  @ApiProperty({ example: '+447400123xxx', description: 'A range of numbers, or `source` and a digest of an address.' })
  range!: string;

  @ApiProperty(TIME)
  until!: string;

  @ApiProperty({ ...COUNT, example: 1, description: 'How often it was blocked in a row.' })
  blocks!: number;
}

/** Something that operators have to know. */
export class GuardAlarmDto {
  @ApiProperty({ example: '17' })
  id!: string;

  @ApiProperty({ enum: ALARM_TYPES, example: 'cap' })
  type!: string;

  @ApiProperty({ example: 'GB', description: 'What it is about: a country, `all`, or a purpose. Never a number.' })
  scope!: string;

  @ApiProperty(TIME)
  raisedAt!: string;

  @ApiProperty({ ...TIME, description: 'When something has raised it last.' })
  lastAt!: string;

  @ApiProperty({ ...COUNT, description: 'How often something has raised it.' })
  count!: number;
}

/** Alarms of the guard. */
export class GuardAlarmsDto {
  @ApiProperty({ type: [GuardAlarmDto], description: 'The last one first.' })
  alarms!: GuardAlarmDto[];
}

/** What operators have allowed or denied. */
export class ListedEntryDto {
  @ApiProperty({ enum: ['number', 'prefix', 'country'], example: 'prefix' })
  kind!: string;

  @ApiProperty({ example: '+447400123', description: 'A masked number, the first digits of numbers, or a country.' })
  label!: string;

  @ApiProperty(VERDICT)
  verdict!: string;

  @ApiPropertyOptional({ ...TIME, description: 'When it ends; without it never.' })
  until?: string;

  @ApiProperty({ example: 'ann (key shop)', description: 'The name of the API key, and the `actor` of the request.' })
  actor!: string;

  @ApiProperty(TIME)
  listedAt!: string;
}

/** The list of the guard. */
export class GuardListDto {
  @ApiProperty({ type: [ListedEntryDto], description: 'The last one first.' })
  listed!: ListedEntryDto[];
}

/** What the guard sees now. */
export class GuardStatusDto extends GuardListDto {
  @ApiProperty({ type: [CountryStatusDto], description: 'Countries with starts or messages.' })
  countries!: CountryStatusDto[];

  @ApiProperty({ type: [CapStatusDto], description: 'The caps that have a limit.' })
  caps!: CapStatusDto[];

  @ApiProperty({ type: [BlockedRangeDto], description: 'Ranges that suspicion has blocked.' })
  blockedRanges!: BlockedRangeDto[];

  @ApiProperty({ type: [GuardAlarmDto], description: 'The alarms that are on.' })
  alarms!: GuardAlarmDto[];
}

/** What a release has changed. */
export class ReleasedRangeDto {
  @ApiProperty({ type: 'boolean', example: true, description: 'Whether it was on the list.' })
  wasListed!: boolean;

  @ApiProperty({ type: [String], example: ['+447400123xxx'], description: 'The ranges that were blocked.' })
  ranges!: string[];
}
