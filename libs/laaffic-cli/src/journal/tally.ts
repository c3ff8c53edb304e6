import type { PositionRange } from 'nestjs-laaffic';

/** What became of the recipients of one request, whether it was just sent or read back. */
export interface Tallied {
  readonly accepted: readonly unknown[];
  readonly unknown: readonly unknown[];
  readonly dropped: number;
  readonly settled: readonly PositionRange[];
}

/** How many recipients of a run have ended how, over all the times that it was started. */
export class Tally {
  accepted = 0;
  /** Refused for good: those whom a stopped run did not get to are tried again. */
  rejected = 0;
  unknown = 0;
  dropped = 0;
  /** Of requests that a killed process left: they may have been sent. */
  unsettled = 0;

  add({ accepted, unknown, dropped, settled }: Tallied): void {
    const places = settled.reduce((sum, [from, to]) => sum + to - from, 0);
    this.accepted += accepted.length;
    this.unknown += unknown.length;
    this.dropped += dropped;
    this.rejected += places - accepted.length - unknown.length - dropped;
  }

  addUnsettled(count: number): void {
    this.unsettled += count;
  }

  /** All who need no further attempt. */
  get settled(): number {
    return this.accepted + this.rejected + this.unknown + this.dropped + this.unsettled;
  }

  plus(other: Tally): Tally {
    const sum = new Tally();
    for (const field of ['accepted', 'rejected', 'unknown', 'dropped', 'unsettled'] as const) {
      sum[field] = this[field] + other[field];
    }
    return sum;
  }
}
