export const GUARD_ALARM_TYPES = [
  'range',
  'budget',
  'cap',
  'near-cap',
  'trouble',
  'challenge',
  'lookup',
  'test-number',
  'sim-change',
  'source-unknown',
] as const;

/**
 * What an alarm is about:
 *
 * - `range`: a range of numbers, or a source, is blocked. `scope` is the country of the numbers.
 * - `budget`: too many starts of a country are not approved. `scope` is the country.
 * - `cap`: a cap is reached, and no more messages are sent. `scope` is a country, or `all`.
 * - `near-cap`: 80 % of a cap are used up. `scope` is a country, or `all`.
 * - `trouble`: messages do not arrive in a country. Users who were verified before are not approved either.
 * - `challenge`, `lookup`: the hook of the app fails, or does not respond. `scope` is `all`.
 * - `test-number`: a test number was used. `scope` is the purpose.
 * - `sim-change`: the SIM card of a number was changed recently. `scope` is the country.
 * - `source-unknown`: requests come through fewer proxies than `trustProxy` says. `scope` is `all`.
 */
export type GuardAlarmType = (typeof GUARD_ALARM_TYPES)[number];

/** Something that operators have to know. It goes on until nothing has raised it for an hour. */
export interface GuardAlarm {
  readonly id: string;
  readonly type: GuardAlarmType;
  /** What it is about, such as a country. Never a number. */
  readonly scope: string;
  readonly raisedAt: Date;
  /** When something has raised it last. Processes tell it once a minute. */
  readonly lastAt: Date;
  /** How often something has raised it. */
  readonly count: number;
}

export function isAlarmType(value: unknown): value is GuardAlarmType {
  return GUARD_ALARM_TYPES.some((type) => type === value);
}
