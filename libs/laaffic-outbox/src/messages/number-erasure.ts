import { invalidCommand, normalizeNumber, type Issue } from 'nestjs-laaffic';
import { continueCall } from '../database/callers-database.js';
import { eraseInbound, eraseInvalidEntries, eraseNumber, eraseUnassigned, findNumber } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { checkText } from './command-checks.js';

/** Where a number is stored that could not be erased yet. */
export type OpenPlace = ({ readonly messageId: string } | { readonly campaignId: string }) & {
  readonly position: number;
};

/** What `eraseNumber` has done. */
export interface ErasedNumber {
  /** Number of recipients that it erased. */
  readonly erased: number;
  /** Recipients that are not finished: cancel them, wait for their outcomes or decide, and erase again. */
  readonly open: readonly OpenPlace[];
}

/** Who erases a number. */
export interface EraseOptions {
  /** For the history: 1 to 255 characters. */
  readonly actor: string;
}

/** Number of chunks whose numbers one statement reads. */
const STEP = 1_000;

/** Erases a person. */
export class NumberErasure {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'callers'>) {}

  /** @throws {LaafficInputException} naming each wrong field. */
  async erase(number: string, { actor }: EraseOptions): Promise<ErasedNumber> {
    const digits = typeof number === 'string' ? normalizeNumber(number) : undefined;
    const issues: Issue[] = [
      ...(digits === undefined ? [{ field: 'number', problem: 'must be a phone number with country code' }] : []),
      ...checkText('actor', actor),
    ];
    if (digits === undefined || issues.length > 0) throw invalidCommand(issues);
    return continueCall(() => this.#erase(digits, actor));
  }

  async #erase(number: string, actor: string): Promise<ErasedNumber> {
    const { account, callers } = this.store;
    let erased = 0;
    const open: OpenPlace[] = [];
    for (let after = '0'; ;) {
      const [found] = await callers.run(findNumber, { account, number, after, limit: STEP });
      const last = found?.last_id;
      if (last === undefined || last === null) break;
      for (const chunkId of found?.chunk_ids ?? []) {
        for (const place of await callers.run(eraseNumber, { chunkId, number, actor })) {
          if (place.is_erased) erased++;
          else open.push(openPlace(place));
        }
      }
      await callers.run(eraseInvalidEntries, { account, number, after, last });
      after = last;
    }
    await callers.run(eraseUnassigned, { account, number });
    await callers.run(eraseInbound, { account, number });
    return { erased, open };
  }
}

function openPlace(place: {
  readonly message_id: string | null;
  readonly campaign_id: string | null;
  readonly position: string;
}): OpenPlace {
  const position = Number(place.position);
  if (place.campaign_id !== null) return { campaignId: place.campaign_id, position };
  return { messageId: place.message_id ?? '', position };
}
