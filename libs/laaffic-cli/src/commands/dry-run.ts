import { readRecipients, segments, toGsm7, type BulkMessage, type BulkOptions, type SmsSegments } from 'nestjs-laaffic';
import type { FileRecipient } from 'nestjs-laaffic/recipient-files';
import { openWithoutAccount } from '../account/connection.js';
import type { Price } from '../arguments/price.js';
import { InputError, InterruptedError } from '../command.error.js';
import type { CommandIo } from '../command-io.js';
import { EXIT_CODES } from '../exit-codes.js';
import { toRecipient } from '../input/recipients.js';
import { formatCount, pluralize } from '../output/format.js';
import { ResultWriter } from '../output/result-writer.js';
import { checkRun } from './input-check.js';

/** What a dry run estimates. */
export interface DryRunPlan {
  readonly json: boolean;
  readonly pricePerPart: Price | undefined;
  readonly options: BulkOptions;
  /** What the `line` of a row counts. */
  readonly unit: 'line' | 'recipient';
}

/** A row that a run would reject. */
interface InvalidRow {
  readonly line: number;
  readonly number: string;
  readonly problem: string;
}

/** What a run would do. */
export interface Estimate {
  /** The number of rows in the input. */
  readonly rows: number;
  /** The number of messages that would be sent. */
  readonly recipients: number;
  readonly invalid: number;
  readonly duplicates: number;
  /** Rows whose order id came before. They get the message, but their order id does not identify them. */
  readonly repeatedOrderIds: number;
  /** The first 100 invalid rows. */
  readonly invalidRows: readonly InvalidRow[];
  readonly message: SmsSegments & { readonly gsm7?: string };
  /** Recipients × parts × price. */
  readonly cost?: string;
}

const MAX_LISTED_ROWS = 100;
const DUPLICATE_OUTCOMES = { keep: 'sent again', drop: 'dropped', reject: 'rejected' };

/** Prints what a run would do and sends nothing. @returns the exit code. */
export async function dryRun(
  rows: AsyncIterable<FileRecipient> | Iterable<FileRecipient>,
  message: BulkMessage,
  plan: DryRunPlan,
  { stdout, stop }: CommandIo,
): Promise<number> {
  await checkMessage(message, plan.options);
  const counts = await countRows(rows, stop);
  if (counts.rows === 0) throw InputError.empty();
  const estimate = estimateRun(counts, message, plan);
  const results = new ResultWriter(stdout);
  if (plan.json) await results.writeJson(estimate);
  else await results.writeLines(estimateLines(estimate, plan));
  const hasRejected = counts.invalid > 0 || (plan.options.duplicates === 'reject' && counts.duplicates > 0);
  return hasRejected ? EXIT_CODES.rejected : EXIT_CODES.ok;
}

async function checkMessage(message: BulkMessage, options: BulkOptions): Promise<void> {
  const { sms, close } = await openWithoutAccount();
  try {
    checkRun(sms, message, options);
  } finally {
    await close();
  }
}

type RowCounts = Pick<Estimate, 'rows' | 'invalid' | 'duplicates' | 'repeatedOrderIds' | 'invalidRows'>;

async function countRows(
  rows: AsyncIterable<FileRecipient> | Iterable<FileRecipient>,
  stop: AbortSignal,
): Promise<RowCounts> {
  const invalidRows: InvalidRow[] = [];
  // Numbers take less memory than text.
  const seenNumbers = new Set<number>();
  const seenOrderIds = new Set<string>();
  const counts = { rows: 0, invalid: 0, duplicates: 0, repeatedOrderIds: 0 };
  for await (const row of rows) {
    if (stop.aborted) throw new InterruptedError();
    counts.rows++;
    const { recipients, issues } =
      'problem' in row ? { recipients: [], issues: [row] } : readRecipients([toRecipient(row)], 1, () => '');
    const [recipient] = recipients;
    if (recipient !== undefined) {
      const { number, orderId } = recipient;
      if (isRepeated(seenNumbers, Number(number))) counts.duplicates++;
      if (orderId !== '' && isRepeated(seenOrderIds, orderId)) counts.repeatedOrderIds++;
      continue;
    }
    counts.invalid++;
    if (invalidRows.length === MAX_LISTED_ROWS) continue;
    const number = 'problem' in row ? row.input : row.number;
    invalidRows.push({ line: row.line, number: number.slice(0, 64), problem: issues[0]?.problem ?? '' });
  }
  return { ...counts, invalidRows };
}

/** Adds a value to a set. @returns whether the set had it already. */
function isRepeated<T>(seen: Set<T>, value: T): boolean {
  const size = seen.size;
  return seen.add(value).size === size;
}

function estimateRun(counts: RowCounts, { content }: BulkMessage, { options, pricePerPart }: DryRunPlan): Estimate {
  const { rows, invalid, duplicates, repeatedOrderIds, invalidRows } = counts;
  const isKept = (options.duplicates ?? 'keep') === 'keep';
  const recipients = rows - invalid - (isKept ? 0 : duplicates);
  const parts = segments(content);
  const gsm7 = parts.encoding === 'ucs-2' ? toGsm7(content) : undefined;
  const cost = pricePerPart?.times(recipients * parts.parts);
  return {
    ...{ rows, recipients, invalid, duplicates, repeatedOrderIds, invalidRows },
    message: { ...parts, ...(gsm7 !== undefined && { gsm7 }) },
    ...(cost !== undefined && { cost }),
  };
}

function estimateLines(estimate: Estimate, { options, unit, pricePerPart }: DryRunPlan): string[] {
  const { rows, recipients, invalid, invalidRows, duplicates, repeatedOrderIds, message, cost } = estimate;
  const { encoding, units, parts, unitsPerPart, nonGsm7Characters, gsm7 } = message;
  const size = `${encoding}, ${formatCount(units)} of ${formatCount(parts * unitsPerPart)} units, ${pluralize(parts, 'part')}`;
  const duplicateOutcome = duplicates > 0 ? `, ${DUPLICATE_OUTCOMES[options.duplicates ?? 'keep']}` : '';
  const lines = [
    `rows        ${formatCount(rows)}`,
    `recipients  ${formatCount(recipients)}`,
    `invalid     ${formatCount(invalid)}`,
    ...invalidRows.map(({ line, number, problem }) => `  ${unit} ${line}: ${number} ${problem}`),
  ];
  if (invalid > invalidRows.length) lines.push(`  and ${formatCount(invalid - invalidRows.length)} more`);
  lines.push(`duplicates  ${formatCount(duplicates)}${duplicateOutcome}`);
  if (repeatedOrderIds > 0) {
    lines.push(`order ids   ${formatCount(repeatedOrderIds)} repeated; an id repeated within one request is replaced`);
  }
  lines.push(`message     ${size}`);
  for (const { character, position, suggestion } of nonGsm7Characters) {
    lines.push(`  ${JSON.stringify(character)} at ${position} forces ucs-2: ${suggestionText(suggestion)}`);
  }
  if (gsm7 !== undefined) lines.push(`  with these changes gsm-7, ${pluralize(segments(gsm7).parts, 'part')}`);
  if (cost !== undefined && pricePerPart !== undefined) {
    lines.push(
      `cost        ${cost} = ${formatCount(recipients)} × ${pluralize(parts, 'part')} × ${pricePerPart.times(1)}`,
    );
  }
  return lines;
}

function suggestionText(suggestion: string | undefined): string {
  if (suggestion === undefined) return 'gsm-7 has no equivalent';
  return suggestion === '' ? 'remove it' : `write ${JSON.stringify(suggestion)}`;
}
