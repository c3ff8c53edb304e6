import type { Issue } from '../messages/issue.js';
import { MAX_RECIPIENTS } from '../messages/recipients.js';
import { OptionsReader } from '../options/options-reader.js';
import type { BulkJournal } from './bulk-journal.js';
import type { BulkOptions } from './bulk.options.js';
import { Positions } from './positions.js';

/** The checked options of a run, with all defaults. */
export interface BulkSettings {
  readonly concurrency: number;
  readonly batchSize: number;
  readonly order: 'source' | 'completion';
  readonly duplicates: 'keep' | 'drop' | 'reject';
  readonly signal: AbortSignal | undefined;
  readonly method: 'POST' | 'GET';
  readonly timeoutMs: number;
  readonly retries: number;
  readonly maxSplits: number;
  readonly maxConsecutiveUnknown: number;
  readonly processed: Positions;
  readonly journal: BulkJournal | undefined;
}

/**
 * Checks the options of a run.
 * @param defaults the options of the module.
 * @returns the options, or every problem with them.
 */
export function readBulkOptions(
  options: BulkOptions,
  defaults: Pick<BulkSettings, 'method' | 'timeoutMs'>,
): BulkSettings | { issues: readonly Issue[] } {
  const reader = new OptionsReader(options);
  const method = reader.oneOf('method', ['POST', 'GET'], defaults.method);
  const max = MAX_RECIPIENTS[method];
  const settings = {
    concurrency: reader.wholeNumber('concurrency', 4, { max: Infinity }),
    batchSize: reader.wholeNumber('batchSize', max, { max }),
    order: reader.oneOf('order', ['source', 'completion'], 'source'),
    duplicates: reader.oneOf('duplicates', ['keep', 'drop', 'reject'], 'keep'),
    signal: reader.value('signal') as AbortSignal | undefined,
    method,
    timeoutMs: (reader.value('timeoutMs') as number | undefined) ?? defaults.timeoutMs,
    retries: reader.wholeNumber('retries', 4, { min: 0, max: Infinity }),
    maxSplits: reader.wholeNumber('maxSplits', 100, { min: 0, max: Infinity }),
    maxConsecutiveUnknown: reader.wholeNumber('maxConsecutiveUnknown', 10, { max: Infinity }),
    processed: readProcessed(options, reader),
    journal: reader.value('journal') as BulkJournal | undefined,
  };
  reader.rejectUnknown();
  return reader.issues.length > 0 ? { issues: reader.issues } : settings;
}

function readProcessed({ resume = [], journal }: BulkOptions, reader: OptionsReader): Positions {
  try {
    reader.value('resume');
    return new Positions([...resume, ...(journal?.processed ?? [])]);
  } catch {
    reader.report('resume', 'must be a list of ranges [from, to] of positions');
    return new Positions();
  }
}
