import type { LaafficException } from '../errors/laaffic.exception.js';
import type { BulkCounts } from './bulk-counts.js';
import type { PositionRange } from './positions.js';

/**
 * A bulk run that stopped early, because every other request would have ended as the last one did.
 * Mend the cause, and resume: nothing that is settled is sent again.
 */
export class BulkStoppedError extends Error {
  override readonly name = 'BulkStoppedError';
  readonly code = 'LAAFFIC_BULK_STOPPED';

  constructor(
    /** Why: a `LaafficAccountException`, for example. */
    override readonly cause: LaafficException,
    /** How the recipients ended that it got to. */
    readonly counts: BulkCounts,
    /** What needs no further attempt: the option `resume` of the next run. */
    readonly settled: readonly PositionRange[],
  ) {
    super(`The bulk run was stopped: ${cause.message} Resume it with the positions in \`settled\`.`, { cause });
  }
}
