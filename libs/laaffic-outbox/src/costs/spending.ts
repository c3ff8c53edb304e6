import { invalidCommand } from 'nestjs-laaffic';
import type { Database } from '../database/database.js';
import { readSpending } from '../sql/generated.js';
import { checkDays, type CostsRange } from './daily-costs.js';

const GROUPS = ['day', 'country', 'currency'] as const;
/** By what to group what was spent. */
export type SpendingGroup = (typeof GROUPS)[number];

/** What to read of what was spent. */
export interface SpendingQuery extends CostsRange {
  /** One row for each day, country or currency. Currencies are never added, so each currency has rows of its own. */
  readonly groupBy: SpendingGroup;
}

/** What the platform charged for a day, in a country or in a currency. */
export interface Spending {
  /** With `groupBy: 'day'`: the day on which the requests started, in UTC: `2027-01-31`. */
  readonly day?: string;
  /**
   * With `groupBy: 'country'`: the code of ISO 3166-1. It is the country of the number, as in an estimate. Missing for
   * messages whose reports say neither a number nor a network.
   */
  readonly country?: string;
  readonly currency: string;
  /** How many recipients have a price. */
  readonly recipients: number;
  /** How many parts are charged for them. */
  readonly parts: number;
  /** Their prices together: an exact decimal as text. */
  readonly total: string;
}

/** Reads what was spent, from the sums of the costs. */
export class SpendingReader {
  constructor(
    private readonly account: string,
    private readonly database: Pick<Database, 'run'>,
  ) {}

  /** @throws {LaafficInputException} naming each wrong field. */
  async read(query: SpendingQuery): Promise<Spending[]> {
    const { from, to, groupBy } = query;
    const issues = checkDays(query);
    if (!GROUPS.includes(groupBy)) {
      issues.push({ field: 'groupBy', problem: `must be one of ${GROUPS.join(', ')}` });
    }
    if (issues.length > 0) throw invalidCommand(issues);
    const rows = await this.database.run(readSpending, { account: this.account, from, to, groupBy });
    return rows.map(({ group, currency, recipients, segments, total }) => ({
      ...(group === '' ? {} : { [groupBy]: group }),
      currency,
      recipients: Number(recipients),
      parts: Number(segments),
      total,
    }));
  }
}
