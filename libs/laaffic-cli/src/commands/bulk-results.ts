import type { Writable } from 'node:stream';
import type { BulkReceipt, BulkRequest, PositionRange, RejectedRecipient } from 'nestjs-laaffic';
import type { LineIndex } from '../input/line-index.js';
import type { Tally } from '../journal/tally.js';
import { grouped } from '../output/counted.js';
import { otherLines } from '../output/receipt-lines.js';
import { Results } from '../output/results.js';

/** How a run ended. */
interface End {
  /** Who was settled before it. */
  readonly before: number;
  readonly rows: number | undefined;
  readonly exitCode: number;
  readonly settled: readonly PositionRange[];
}

/** The results of a bulk run: who was not accepted and the sums, or everything as JSON Lines. */
export class BulkResults {
  readonly #results: Results;

  constructor(
    stdout: Writable,
    private readonly json: boolean,
    private readonly lines: LineIndex,
  ) {
    this.#results = new Results(stdout);
  }

  /** The requests that a killed run left. */
  async unsettled(requests: readonly BulkRequest[]): Promise<void> {
    for (const { first, count, orderIds } of requests) {
      if (this.json) await this.#results.json({ event: 'unsettled', first, count, orderIds });
      else await this.#results.line(`unsettled rows ${first + 1} to ${first + count}, order ids ${orderIds}.*`);
    }
  }

  async receipt(receipt: BulkReceipt): Promise<void> {
    const { first, count, dropped, settled, accepted, unknown, exception } = receipt;
    if (!this.json) {
      const where = (recipient: RejectedRecipient) => {
        const line = this.#lineOf(recipient);
        return line === undefined ? '' : `line ${line} `;
      };
      // Those whom a stopped run did not get to are not refused for good.
      const isWhole = settled.reduce((sum, [from, to]) => sum + to - from, 0) === count;
      const rejected = receipt.rejected.filter(({ code }) => isWhole || code !== exception?.code);
      const lines = otherLines({ rejected, unknown }, where);
      if (lines.length > 0) await this.#results.lines(lines);
      return;
    }
    const rejected = receipt.rejected.map((recipient) => {
      const line = this.#lineOf(recipient);
      return line === undefined ? recipient : { ...recipient, line };
    });
    await this.#results.json({
      event: 'receipt',
      ...{ first, count, dropped, settled, accepted, rejected, unknown },
      ...(exception !== undefined && { failure: exception.toJSON() }),
    });
  }

  async end({ accepted, rejected, unknown, dropped, unsettled }: Tally, end: End): Promise<void> {
    const { before, rows, exitCode, settled } = end;
    const left = rows === undefined ? undefined : rows - (accepted + rejected + unknown + dropped + unsettled);
    if (this.json) {
      const sums = { accepted, rejected, unknown, dropped, unsettled };
      await this.#results.json({
        event: 'end',
        exitCode,
        ...sums,
        before,
        ...(left !== undefined && { left }),
        settled,
      });
      return;
    }
    const sums = Object.entries({ rejected, unknown, dropped, unsettled, left: left ?? 0 });
    const rest = sums.flatMap(([name, count]) => (count > 0 ? [`${grouped(count)} ${name}`] : []));
    const earlier = before > 0 ? ` (${grouped(before)} settled before)` : '';
    await this.#results.line(`${[`${grouped(accepted)} accepted`, ...rest].join(', ')}${earlier}`);
  }

  #lineOf({ position }: RejectedRecipient): number | undefined {
    return position === undefined ? undefined : this.lines.lineOf(position);
  }
}
