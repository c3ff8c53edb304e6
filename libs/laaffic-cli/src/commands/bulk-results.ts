import type { Writable } from 'node:stream';
import type { BulkReceipt, BulkRequest, PositionRange, RejectedRecipient } from 'nestjs-laaffic';
import type { LineIndex } from '../input/line-index.js';
import { sizeOf, type RunTotals } from '../journal/run-totals.js';
import { formatCount } from '../output/format.js';
import { notAcceptedLines } from '../output/receipt-lines.js';
import { ResultWriter } from '../output/result-writer.js';

/** How a run ended. */
interface RunEnd {
  /** The number of recipients that earlier runs processed. */
  readonly processedBefore: number;
  readonly rows: number | undefined;
  readonly exitCode: number;
  readonly processed: readonly PositionRange[];
}

/** Prints the results of a bulk run: the recipients that were not accepted and the totals, or JSON Lines of everything. */
export class BulkResults {
  readonly #results: ResultWriter;
  readonly #json: boolean;
  readonly #lines: LineIndex;

  constructor(stdout: Writable, json: boolean, lines: LineIndex) {
    this.#results = new ResultWriter(stdout);
    this.#json = json;
    this.#lines = lines;
  }

  /** Prints the requests that a killed run left open. */
  async writeUnfinished(requests: readonly BulkRequest[]): Promise<void> {
    for (const { first, count, orderIds: orderIdPrefix } of requests) {
      if (this.#json) await this.#results.writeJson({ event: 'unfinished', first, count, orderIdPrefix });
      else
        await this.#results.writeLine(`unfinished rows ${first + 1} to ${first + count}, order ids ${orderIdPrefix}.*`);
    }
  }

  async writeReceipt(receipt: BulkReceipt): Promise<void> {
    if (this.#json) await this.#results.writeJson(this.#receiptEvent(receipt));
    else await this.#results.writeLines(this.#receiptLines(receipt));
  }

  async writeEnd(totals: RunTotals, { processedBefore, rows, exitCode, processed }: RunEnd): Promise<void> {
    const { accepted, rejected, unknown, dropped, unfinished } = totals;
    const remaining = rows === undefined ? undefined : rows - totals.processed;
    if (this.#json) {
      await this.#results.writeJson({
        ...{ event: 'end', exitCode, accepted, rejected, unknown, dropped, unfinished, processedBefore },
        ...(remaining !== undefined && { remaining }),
        processed,
      });
      return;
    }
    const others = Object.entries({ rejected, unknown, dropped, unfinished, remaining: remaining ?? 0 });
    const counts = others.flatMap(([name, count]) => (count > 0 ? [`${formatCount(count)} ${name}`] : []));
    const suffix = processedBefore > 0 ? ` (${formatCount(processedBefore)} processed before)` : '';
    await this.#results.writeLine(`${[`${formatCount(accepted)} accepted`, ...counts].join(', ')}${suffix}`);
  }

  #receiptEvent({ first, count, dropped, processed, accepted, rejected, unknown, exception }: BulkReceipt): object {
    const withLine = (recipient: RejectedRecipient) => {
      const line = this.#lineOf(recipient);
      return line === undefined ? recipient : { ...recipient, line };
    };
    return {
      event: 'receipt',
      ...{ first, count, dropped, processed, accepted, rejected: rejected.map(withLine), unknown },
      ...(exception !== undefined && { error: exception.toJSON() }),
    };
  }

  #receiptLines({ count, processed, rejected, unknown, exception }: BulkReceipt): string[] {
    // A stopped run also lists the recipients that it did not reach, but a later run may still send to them.
    const isComplete = sizeOf(processed) === count;
    const final = rejected.filter(({ code }) => isComplete || code !== exception?.code);
    return notAcceptedLines({ rejected: final, unknown }, (recipient) => {
      const line = this.#lineOf(recipient);
      return line === undefined ? '' : `line ${line} `;
    });
  }

  #lineOf({ position }: RejectedRecipient): number | undefined {
    return position === undefined ? undefined : this.#lines.lineOf(position);
  }
}
