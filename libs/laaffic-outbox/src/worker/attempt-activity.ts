import type { OutboxActivity } from '../ledger/activity.js';
import type { ClaimedChunk } from '../ledger/chunk.js';
import type { RecipientRow, Verdict } from '../ledger/settlements.js';
import type { Lane } from '../options/outbox.options.js';

const STATES = {
  settled: 'settled',
  refused: 'refused',
  unknown: 'unknown',
  unsent: 'pending',
  divided: 'divided',
} as const satisfies Record<Verdict['is'], OutboxActivity['state']>;

/** Describes the end of an attempt for subscribers. */
export function attemptActivity(chunk: ClaimedChunk, lane: Lane, verdict: Verdict): OutboxActivity {
  const { attempt, waitedMs } = chunk;
  return {
    state: verdict.is === 'refused' && chunk.isDoubtful ? 'abandoned' : STATES[verdict.is],
    lane,
    recipients: recipientsOf(chunk, verdict),
    request: { attempt, waitedMs },
  };
}

function recipientsOf({ numbers, isDoubtful }: ClaimedChunk, verdict: Verdict): OutboxActivity['recipients'] {
  const refused = isDoubtful ? 'abandoned' : 'rejected';
  const total = numbers.filter((number) => number !== '').length;
  if (!('others' in verdict)) {
    const fates = { refused: { [refused]: total }, unknown: { unknown: total }, unsent: {} };
    return fates[verdict.is];
  }
  const { others } = verdict;
  const [rejected, unknown] = [count(others, 'rejected'), count(others, 'unknown')];
  const counts = { [refused]: rejected, unknown };
  return verdict.is === 'divided' ? counts : { accepted: total - rejected - unknown, ...counts };
}

function count(rows: readonly RecipientRow[], state: RecipientRow[1]): number {
  return rows.filter((row) => row[1] === state).length;
}
