import { ValidateBy } from 'class-validator';

/** Requires an offset: a local time would be another instant on another machine. */
const INSTANT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** What is wrong with an instant in ISO 8601 with an offset, in the years 1 to 9999 of UTC. `new Date` reads a right one. */
function instantProblem(value: unknown): string | undefined {
  const [, day = ''] = typeof value === 'string' ? (INSTANT.exec(value) ?? []) : [];
  const date = new Date(day === '' ? Number.NaN : (value as string));
  if (Number.isNaN(date.getTime()) || !isDay(day)) {
    return 'must be a time with its offset, such as 2026-01-31T09:00:00Z';
  }
  // The offset can move the instant out of the year that is written.
  const isInRange = date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;
  return isInRange ? undefined : 'must be in the years 1 to 9999';
}

/** Reads an instant in ISO 8601 with an offset; `undefined` if the text is not one in the years 1 to 9999 of UTC. */
export function readInstant(text: string): Date | undefined {
  return instantProblem(text) === undefined ? new Date(text) : undefined;
}

/** JavaScript turns 30 February into 2 March. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

/**
 * Accepts an instant in ISO 8601 with an offset, in the years 1 to 9999 of UTC.
 * @param words texts that are accepted too.
 */
export function IsInstant(...words: readonly string[]): PropertyDecorator {
  return ValidateBy({
    name: 'instant',
    validator: {
      validate: (value) => words.includes(value as string) || instantProblem(value) === undefined,
      defaultMessage: (args) => `$property ${instantProblem(args?.value) ?? ''}`,
    },
  });
}
