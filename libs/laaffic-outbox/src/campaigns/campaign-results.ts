import { findCampaignState, readResults } from '../sql/generated.js';
import { isRowId } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { recipientsOf, type OutboxRecipient, type RecipientState } from '../store/recipients.js';
import { notFound } from './campaign-control.js';

/** Filters the results of a campaign. */
export interface ResultsFilter {
  /** @default any state */
  readonly state?: RecipientState | undefined;
  /**
   * Returns only results after this position, such as the last one of the previous call.
   * @default from the beginning
   */
  readonly after?: number | undefined;
}

/** Number of source entries that one statement reads. */
const RANGE = 1_000;

/** Streams the results of the recipients of a campaign, in the order of its source. */
export class CampaignResults {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'prefix' | 'readers'>) {}

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async *read(id: string, { state, after = -1 }: ResultsFilter): AsyncGenerator<OutboxRecipient, void, undefined> {
    if (!isRowId(id)) throw notFound(id);
    const { account, prefix, readers } = this.store;
    const [campaign] = await readers.run(findCampaignState, { account, id });
    if (campaign === undefined) throw notFound(id);
    const { stored_entries: stored, chunk_size: size } = campaign;
    const span = Math.max(1, Math.floor(RANGE / size)) * size;
    // One statement reads all chunks of a range, however they were split. A recipient that moves between chunks at the
    // same time is neither missed nor returned twice.
    for (let first = Math.max(0, Math.floor((after + 1) / size) * size); first < Number(stored);) {
      const rows = await readers.run(readResults, { id, first, span, state: state ?? null });
      const recipients = rows.flatMap((row) => recipientsOf(row, prefix));
      recipients.sort((a, b) => a.position - b.position);
      for (const recipient of recipients) {
        if (recipient.position > after && (state === undefined || recipient.state === state)) yield recipient;
      }
      if (rows.length === 0) return;
      first = Math.min(...rows.map(({ first_position: position }) => Number(position))) + span;
    }
  }
}
