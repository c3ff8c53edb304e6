import { ValidateBy } from 'class-validator';
import type { Issue } from 'nestjs-laaffic';

/** Requires an offset: a local time would be another instant on another machine. */
const INSTANT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** Parses an instant in ISO 8601 with an offset, in the years 1 to 9999 of UTC. */
export function parseInstant(field: string, value: unknown): Date | Issue {
  const [, day = ''] = typeof value === 'string' ? (INSTANT.exec(value) ?? []) : [];
  const date = new Date(day === '' ? Number.NaN : (value as string));
  if (Number.isNaN(date.getTime()) || !isDay(day)) {
    return { field, problem: 'must be a time with its offset, such as 2026-01-31T09:00:00Z' };
  }
  // The offset can move the instant out of the year that is written.
  const isInRange = date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;
  return isInRange ? date : { field, problem: 'must be in the years 1 to 9999' };
}

/** JavaScript turns 30 February into 2 March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/**
 * Accepts an instant; see {@link parseInstant}.
 * @param words texts that are accepted too.
 */
export function IsInstant(...words: readonly string[]): PropertyDecorator {
  return ValidateBy({
    name: 'instant',
    validator: {
      validate: (value) => words.includes(value as string) || parseInstant('', value) instanceof Date,
      defaultMessage: (args) => {
        const parsed = parseInstant(args?.property ?? '', args?.value);
        return 'problem' in parsed ? `${parsed.field} ${parsed.problem}` : '';
      },
    },
  });
}
