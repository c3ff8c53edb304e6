import type { AttemptEnd } from './attempt.js';
import type { ClaimedChunk } from './claimed-chunk.js';
import type { AttemptResult, RecipientOutcome } from './result-writer.js';
import { respectsOptOuts, type OptOutList } from '../store/opt-out-list.js';

const OPTED_OUT = { code: 'OUTBOX_OPTED_OUT', reason: 'the recipient wants no messages' } as const;
const UNREADABLE: AttemptEnd = {
  result: {
    type: 'released',
    code: 'OUTBOX_DATABASE_UNAVAILABLE',
    reason: 'the opt-outs could not be read',
    delayMs: 1_000,
  },
  health: { status: 'untouched' },
};

/**
 * Makes an attempt for the recipients who have not opted out; the others are rejected. An opt-out counts if it was
 * committed before the claim.
 * @param attempt makes the attempt for a chunk whose other slots are empty. It is not called if none is left.
 */
export async function attemptWithoutOptOuts(
  chunk: ClaimedChunk,
  optOuts: Pick<OptOutList, 'catchUp' | 'has'>,
  attempt: (chunk: ClaimedChunk) => Promise<AttemptEnd>,
): Promise<AttemptEnd> {
  if (chunk.optOutVersion === undefined || !respectsOptOuts(chunk.purpose)) return attempt(chunk);
  try {
    await optOuts.catchUp(chunk.optOutVersion);
  } catch {
    return UNREADABLE;
  }
  const { numbers, senderId } = chunk;
  const left = numbers.map((number) => (number !== '' && optOuts.has(number, senderId) ? '' : number));
  const slots = [...left.keys()].filter((slot) => left[slot] !== numbers[slot]);
  if (slots.length === 0) return attempt(chunk);
  if (left.every((number) => number === '')) {
    return { result: { type: 'rejected', ...OPTED_OUT }, health: { status: 'untouched' } };
  }
  const { result, health } = await attempt({ ...chunk, numbers: left, size: chunk.size - slots.length });
  return { result: withOptOuts(result, chunk.numbers, left, slots), health };
}

/** The result for all of the chunk. */
function withOptOuts(
  result: AttemptResult,
  numbers: readonly string[],
  left: readonly string[],
  slots: readonly number[],
): AttemptResult {
  const optedOut = slots.map((slot): RecipientOutcome => ({ slot, state: 'rejected', msgId: null, ...OPTED_OUT }));
  switch (result.type) {
    case 'released':
      return result;
    case 'completed':
      return { ...result, others: [...result.others, ...optedOut] };
    case 'split':
      return {
        ...result,
        rest: result.rest
          .split(',')
          .map((number, slot) => (left[slot] === '' ? numbers[slot] : number))
          .join(),
        others: [...result.others, ...optedOut],
      };
    default: {
      const { type: state, code, reason } = result;
      const others = left.flatMap((number, slot): RecipientOutcome[] =>
        number === '' ? [] : [{ slot, state, code, reason, msgId: null }],
      );
      return { type: 'completed', slots: '', msgIds: '', others: [...others, ...optedOut] };
    }
  }
}
