import { invalidCommand, type Issue } from 'nestjs-laaffic';
import type { Database } from '../database/database.js';
import { readCosts } from '../sql/generated.js';

/** The days whose costs to read. A day is text such as `2027-01-31`, in UTC. */
export interface CostsRange {
  /** The first day. */
  readonly from: string;
  /** The last day; at most 366 days in all. */
  readonly to: string;
}

/** What the platform charged for the messages of one day to one country, in one currency. */
export interface DailyCosts {
  /** The day on which the requests started, in UTC: `2027-01-31`. */
  readonly day: string;
  /** The mobile country code. Missing for messages whose reports did not say it. */
  readonly mcc?: string;
  readonly currency: string;
  /** How many recipients have a price. */
  readonly recipients: number;
  /** How many segments are charged for them. */
  readonly segments: number;
  /** Their prices together: an exact decimal as text. */
  readonly total: string;
}

const MAX_DAYS = 366;
const DAY = 24 * 60 * 60 * 1000;

/** Reads the costs that the outbox sums up from delivery reports. */
export class CostsReader {
  constructor(
    private readonly account: string,
    private readonly database: Pick<Database, 'run'>,
  ) {}

  /** @throws {LaafficInputException} naming each wrong field. */
  async read(range: CostsRange): Promise<DailyCosts[]> {
    const { from, to } = range;
    const issues = checkDays(range);
    if (issues.length > 0) throw invalidCommand(issues);
    const rows = await this.database.run(readCosts, { account: this.account, from, to });
    return rows.map(({ day, mcc, currency, recipients, segments, total }) => ({
      day,
      ...(mcc === '' ? {} : { mcc }),
      currency,
      recipients: Number(recipients),
      segments: Number(segments),
      total,
    }));
  }
}

/** What is wrong with a range of days: they do not exist, are not in order, or are more than a year. */
export function checkDays({ from, to }: CostsRange): Issue[] {
  const [first, last] = [timeOf(from), timeOf(to)];
  const problem = 'must be a day such as 2027-01-31';
  const issues: Issue[] = [];
  if (first === undefined) issues.push({ field: 'from', problem });
  if (last === undefined) issues.push({ field: 'to', problem });
  if (first === undefined || last === undefined) return issues;
  if (last < first) return [{ field: 'to', problem: 'must not be before from' }];
  if (last - first >= MAX_DAYS * DAY)
    return [{ field: 'to', problem: `must be less than ${MAX_DAYS} days after from` }];
  return [];
}

/** Not the 30th of February, which JavaScript turns into the 2nd of March. Callers may be JavaScript. */
function timeOf(day: unknown): number | undefined {
  if (typeof day !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(day) || day.startsWith('0000')) return undefined;
  const date = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || !date.toISOString().startsWith(day) ? undefined : date.getTime();
}
