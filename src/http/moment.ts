import type { Issue } from 'nestjs-laaffic';

/** An hour without an offset would be another moment on another machine. */
const MOMENT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A point in time as texts name it: ISO 8601 with an offset, in the years 1 to 9999 of UTC. */
export function readMoment(field: string, value: unknown): Date | Issue {
  const [, day = ''] = typeof value === 'string' ? (MOMENT.exec(value) ?? []) : [];
  const date = new Date(day === '' ? Number.NaN : (value as string));
  if (Number.isNaN(date.getTime()) || !isDay(day)) {
    return { field, problem: 'must be a time with its offset, such as 2026-01-31T09:00:00Z' };
  }
  // An offset can reach beyond the year that is written.
  const isKept = date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;
  return isKept ? date : { field, problem: 'must be in the years 1 to 9999' };
}

/** JavaScript makes the 2nd of March of the 30th of February. */
function isDay(day: string): boolean {
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
