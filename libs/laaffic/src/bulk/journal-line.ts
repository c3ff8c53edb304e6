import type { BulkRequest } from './bulk-journal.js';
import type { BulkReceipt, Outcomes } from './bulk-receipt.js';
import { Positions, type PositionRange } from './positions.js';

/** What became of a request, as a journal keeps it. */
export interface FinishedRequest extends Outcomes {
  readonly first: number;
  readonly count: number;
  readonly dropped: number;
  readonly settled: readonly PositionRange[];
  /** Why somebody was refused or is unknown, where it was one failure. */
  readonly failure?: { readonly code: string; readonly outcome: string; readonly status?: number };
}

/** One line of a journal. */
export type JournalLine =
  | ({ readonly event: 'started' } & BulkRequest)
  | ({ readonly event: 'finished' } & FinishedRequest);

export function startedLine({ first, count, orderIds }: BulkRequest): string {
  return toLine({ event: 'started', first, count, orderIds });
}

export function finishedLine(receipt: BulkReceipt): string {
  const { first, count, dropped, settled, accepted, rejected, unknown, exception } = receipt;
  const { code, outcome, status } = exception ?? {};
  return toLine({
    event: 'finished',
    ...{ first, count, dropped, settled, accepted, rejected, unknown },
    ...(code === undefined || outcome === undefined
      ? {}
      : { failure: { code, outcome, ...(status === undefined ? {} : { status }) } }),
  });
}

/** @returns `undefined` if the text is no line of a journal. */
export function readLine(text: string): JournalLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<JournalLine> | null;
    if (line === null || !isPosition(line.first) || !isPosition(line.count)) return undefined;
    if (line.event === 'started') return typeof line.orderIds === 'string' ? (line as JournalLine) : undefined;
    if (line.event !== 'finished' || !isPosition(line.dropped)) return undefined;
    const lists: unknown[] = [line.accepted, line.rejected, line.unknown, line.settled];
    if (!lists.every(Array.isArray)) return undefined;
    new Positions(line.settled);
    return line as JournalLine;
  } catch {
    return undefined;
  }
}

function isPosition(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function toLine(line: JournalLine): string {
  return `${JSON.stringify(line)}\n`;
}
