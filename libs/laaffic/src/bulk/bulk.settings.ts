import type { Issue } from '../messages/issue.js';
import { MAX_RECIPIENTS } from '../messages/recipients.js';
import type { BulkJournal } from './bulk-journal.js';
import type { BulkOptions } from './bulk.options.js';
import { Positions } from './positions.js';

/** The options of a run, checked and filled with their defaults. */
export interface BulkSettings {
  readonly concurrency: number;
  readonly requestSize: number;
  readonly order: 'source' | 'completion';
  readonly duplicates: 'keep' | 'drop' | 'refuse';
  readonly signal: AbortSignal | undefined;
  readonly method: 'POST' | 'GET';
  readonly timeout: number;
  readonly retries: number;
  readonly isolation: number;
  readonly mostUnknownInARow: number;
  readonly settled: Positions;
  readonly journal: BulkJournal | undefined;
}

/**
 * Checks the options of a run.
 * @param defaults what the module was given.
 * @returns everything that is wrong with them, if anything is.
 */
export function readBulkOptions(
  options: BulkOptions,
  defaults: Pick<BulkSettings, 'method' | 'timeout'>,
): BulkSettings | { issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const whole = (field: keyof BulkOptions, fallback: number, least: number, most = Infinity): number => {
    const value: unknown = options[field] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    const limit = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
    issues.push({ field, problem: `must be a whole number ${limit}` });
    return fallback;
  };
  const oneOf = <T extends string>(field: keyof BulkOptions, values: readonly T[], fallback: T): T => {
    const value = options[field] ?? fallback;
    const found = values.find((one) => one === value);
    if (found === undefined) issues.push({ field, problem: `must be one of ${values.join(', ')}` });
    return found ?? fallback;
  };
  const method = oneOf('method', ['POST', 'GET'], defaults.method);
  const most = MAX_RECIPIENTS[method];
  const settings = {
    concurrency: whole('concurrency', 4, 1),
    requestSize: whole('requestSize', most, 1, most),
    order: oneOf('order', ['source', 'completion'], 'source'),
    duplicates: oneOf('duplicates', ['keep', 'drop', 'refuse'], 'keep'),
    signal: options.signal,
    method,
    timeout: options.timeout ?? defaults.timeout,
    retries: whole('retries', 4, 0),
    isolation: whole('isolation', 100, 0),
    mostUnknownInARow: whole('mostUnknownInARow', 10, 1),
    settled: readSettled(options, issues),
    journal: options.journal,
  };
  return issues.length > 0 ? { issues } : settings;
}

function readSettled({ resume = [], journal }: BulkOptions, issues: Issue[]): Positions {
  try {
    return new Positions([...resume, ...(journal?.settled ?? [])]);
  } catch {
    issues.push({ field: 'resume', problem: 'must be a list of ranges [from, to] of positions' });
    return new Positions();
  }
}
