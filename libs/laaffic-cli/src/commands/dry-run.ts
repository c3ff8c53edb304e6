import { readRecipients, segments, toGsm7, type BulkMessage, type BulkOptions, type SmsSegments } from 'nestjs-laaffic';
import { withoutGateway } from '../account/connection.js';
import type { CommandIo } from '../command-io.js';
import { EXIT } from '../exit-code.js';
import type { Row } from '../input/row.js';
import { InterruptedError } from '../interrupted.error.js';
import type { Price } from '../output/cost.js';
import { counted, grouped } from '../output/counted.js';
import { Results } from '../output/results.js';
import { UsageError } from '../usage.error.js';
import { checkRun } from './check-run.js';

/** What a dry run is asked for. */
export interface DryRunPlan {
  readonly json: boolean;
  readonly price: Price | undefined;
  readonly options: BulkOptions;
  /** What `line` of a row counts. */
  readonly unit: 'line' | 'recipient';
}

/** A row that would be refused. */
interface WrongRow {
  readonly line: number;
  readonly number: string;
  readonly problem: string;
}

/** What a run would do. */
export interface Estimate {
  /** All rows of the input. */
  readonly rows: number;
  /** To whom it would be sent. */
  readonly recipients: number;
  readonly wrong: number;
  readonly duplicates: number;
  /** Rows with an order id that came before: they are sent to, and nobody can tell their reports apart by it. */
  readonly repeatedOrderIds: number;
  /** The first of the wrong ones. */
  readonly wrongRows: readonly WrongRow[];
  readonly message: SmsSegments & { readonly gsm7?: string };
  /** Recipients by parts by price. */
  readonly cost?: string;
}

const MOST_WRONG_ROWS = 100;

/** Tells what a run would do, and sends nothing. @returns the exit code. */
export async function dryRun(
  rows: AsyncIterable<Row> | Iterable<Row>,
  message: BulkMessage,
  plan: DryRunPlan,
  { stdout, stop }: CommandIo,
): Promise<number> {
  const { sms, close } = await withoutGateway();
  try {
    checkRun(sms, message, plan.options);
  } finally {
    await close();
  }
  const fate = plan.options.duplicates ?? 'keep';
  const counts = await count(rows, stop);
  if (counts.rows === 0) throw new UsageError('the input is empty: give numbers, one a row');
  const { rows: all, wrong, duplicates, repeatedOrderIds, wrongRows } = counts;
  const recipients = all - wrong - (fate === 'keep' ? 0 : duplicates);
  const parts = segments(message.content);
  const gsm7 = parts.encoding === 'ucs-2' ? toGsm7(message.content) : undefined;
  const cost = plan.price?.times(recipients * parts.parts);
  const estimate: Estimate = {
    ...{ rows: all, recipients, wrong, duplicates, repeatedOrderIds, wrongRows },
    message: { ...parts, ...(gsm7 !== undefined && { gsm7 }) },
    ...(cost !== undefined && { cost }),
  };
  const results = new Results(stdout);
  if (plan.json) await results.json(estimate);
  else await results.lines(textOf(estimate, plan));
  return wrong > 0 || (fate === 'refuse' && duplicates > 0) ? EXIT.rejected : EXIT.ok;
}

async function count(rows: AsyncIterable<Row> | Iterable<Row>, stop: AbortSignal) {
  const wrongRows: WrongRow[] = [];
  const seen = new Set<number>();
  const seenOrderIds = new Set<string>();
  const counts = { rows: 0, wrong: 0, duplicates: 0, repeatedOrderIds: 0 };
  for await (const { recipient, line } of rows) {
    if (stop.aborted) throw new InterruptedError();
    counts.rows++;
    const { recipients, issues } = readRecipients([recipient], 1, () => '');
    const [read] = recipients;
    if (read !== undefined) {
      const before = seen.size;
      if (seen.add(Number(read.number)).size === before) counts.duplicates++;
      if (read.orderId !== '' && seenOrderIds.has(read.orderId)) counts.repeatedOrderIds++;
      else if (read.orderId !== '') seenOrderIds.add(read.orderId);
      continue;
    }
    counts.wrong++;
    if (wrongRows.length === MOST_WRONG_ROWS) continue;
    const number = typeof recipient === 'string' ? recipient : recipient.number;
    wrongRows.push({ line, number: number.slice(0, 64), problem: issues[0]?.problem ?? '' });
  }
  return { ...counts, wrongRows };
}

function textOf(estimate: Estimate, { options, unit, price }: DryRunPlan): string[] {
  const { rows, recipients, wrong, wrongRows, message, cost } = estimate;
  const { encoding, units, parts, unitsPerPart, forcesUcs2, gsm7 } = message;
  const fates = { keep: 'sent to again', drop: 'left out', refuse: 'refused' };
  const size = `${encoding}, ${grouped(units)} of ${grouped(parts * unitsPerPart)} units, ${counted(parts, 'part')}`;
  const lines = [
    `rows        ${grouped(rows)}`,
    `recipients  ${grouped(recipients)}`,
    `wrong       ${grouped(wrong)}`,
    ...wrongRows.map(({ line, number, problem }) => `  ${unit} ${line}: ${number} ${problem}`),
    ...(wrong > wrongRows.length ? [`  and ${grouped(wrong - wrongRows.length)} more`] : []),
    `duplicates  ${grouped(estimate.duplicates)}${estimate.duplicates > 0 ? `, ${fates[options.duplicates ?? 'keep']}` : ''}`,
    ...(estimate.repeatedOrderIds > 0
      ? [`order ids   ${grouped(estimate.repeatedOrderIds)} came before: sent to, with another id within a request`]
      : []),
    `message     ${size}`,
    ...forcesUcs2.map(
      ({ character, position, suggestion }) =>
        `  ${JSON.stringify(character)} at ${position} forces ucs-2: ${advice(suggestion)}`,
    ),
  ];
  if (gsm7 !== undefined) lines.push(`  with those it is gsm-7, ${counted(segments(gsm7).parts, 'part')}`);
  if (cost !== undefined && price !== undefined) {
    lines.push(`cost        ${cost} = ${grouped(recipients)} × ${counted(parts, 'part')} × ${price.times(1)}`);
  }
  return lines;
}

function advice(suggestion: string | undefined): string {
  if (suggestion === undefined) return 'nothing in gsm-7 stands for it';
  return suggestion === '' ? 'leave it out' : `write ${JSON.stringify(suggestion)}`;
}
