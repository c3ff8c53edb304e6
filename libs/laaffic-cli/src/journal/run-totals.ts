import type { PositionRange } from 'nestjs-laaffic';

/** The outcome of one request, from its receipt or from the journal. */
export interface RequestOutcome {
  readonly accepted: readonly unknown[];
  readonly unknown: readonly unknown[];
  readonly dropped: number;
  readonly processed: readonly PositionRange[];
}

/** Counts the recipients of a run by outcome, over all processes that worked on it. */
export class RunTotals {
  accepted = 0;
  /** Excludes the recipients that a stopped run did not reach: a later run sends to them. */
  rejected = 0;
  unknown = 0;
  dropped = 0;
  /** The recipients of requests that a killed process left open. They may have been sent. */
  unfinished = 0;

  add({ accepted, unknown, dropped, processed }: RequestOutcome): void {
    this.accepted += accepted.length;
    this.unknown += unknown.length;
    this.dropped += dropped;
    this.rejected += sizeOf(processed) - accepted.length - unknown.length - dropped;
  }

  addUnfinished(count: number): void {
    this.unfinished += count;
  }

  /** The number of recipients that need no further attempt. */
  get processed(): number {
    return this.accepted + this.rejected + this.unknown + this.dropped + this.unfinished;
  }
}

/** The number of positions in ranges. */
export function sizeOf(ranges: readonly PositionRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}
