import type { Lane } from '../options/outbox.options.js';
import { readEvents, readMovedNumbers } from '../sql/generated.js';
import type { RecipientColumns } from '../sql/statement.js';
import { madeOrderId, orderIdPrefix } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { costsBySlot, present, type OutboxRecipient } from '../store/recipients.js';
import type { EmittedState, RecipientStateEvent } from './outbox-events.js';

interface Row {
  readonly id: string;
  readonly topic: string;
  readonly root_id: string;
  readonly chunk_id: string;
  readonly campaign_id: string | null;
  readonly slots: readonly number[];
  readonly attempt: number;
  readonly sent_at: Date | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly lane: Lane;
  readonly reference: string | null;
  readonly first_position: string;
  readonly numbers: string | null;
  readonly order_ids: string | null;
  readonly recipients: RecipientColumns | null;
}

/** States whose reason is stored in the event, because the recipient gets another reason later. */
const MAYBE_SENT: ReadonlySet<EmittedState> = new Set(['unknown', 'held', 'abandoned']);
const REPORTED: ReadonlySet<EmittedState> = new Set(['delivered', 'failed']);

/** Reads recorded changes in the form that handlers get. */
export class ChangedRecipients {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'prefix' | 'database'>) {}

  /** Returns events by their ids. A deleted chunk has no events. */
  async read(ids: readonly string[]): Promise<Map<string, RecipientStateEvent>> {
    if (ids.length === 0) return new Map();
    const rows = await this.store.database.run(readEvents, { ids });
    const moved = await this.#movedNumbers(rows);
    return new Map(rows.map((row) => [row.id, this.#eventOf(row, moved.get(row.root_id))]));
  }

  /** Finds the numbers of resent recipients: they are in another chunk, in the same slots. */
  async #movedNumbers(rows: readonly Row[]): Promise<Map<string, string[]>> {
    const messageIds = new Set(rows.filter(hasMoved).map((row) => row.root_id));
    const found = new Map<string, string[]>();
    if (messageIds.size === 0) return found;
    const parts = await this.store.database.run(readMovedNumbers, { messageIds: [...messageIds] });
    for (const { root_id, numbers } of parts) {
      const all = found.get(root_id) ?? [];
      for (const [slot, number] of numbers.split(',').entries()) if (number !== '') all[slot] = number;
      found.set(root_id, all);
    }
    return found;
  }

  #eventOf(row: Row, moved: readonly string[] | undefined): RecipientStateEvent {
    const { campaign_id: campaignId, reference, lane, slots } = row;
    const state = row.topic as EmittedState;
    const numbers = row.numbers?.split(',') ?? [];
    const own = row.order_ids?.split(',');
    const made = orderIdPrefix(this.store.prefix, row.chunk_id, row.attempt);
    // As the other details of a report.
    const costs = REPORTED.has(state) ? costsBySlot(row.recipients) : undefined;
    const indexes = new Map(row.recipients?.slot.map((slot, index) => [slot, index]));
    return {
      messageId: row.root_id,
      appId: this.store.account,
      ...present({ campaignId, reference }),
      lane,
      recipients: slots.map((slot) => ({
        position: Number(row.first_position) + slot,
        number: numbers[slot] || moved?.[slot],
        orderId: own?.[slot] || madeOrderId(made, slot),
        state,
        ...detailsOf(row, state, indexes.get(slot)),
        ...costs?.get(slot),
      })),
    };
  }
}

function hasMoved({ numbers, slots }: Row): boolean {
  const all = numbers?.split(',');
  return all !== undefined && slots.some((slot) => !all[slot]);
}

/**
 * The details of a recipient that belong to the state.
 * @param index where the columns have the recipient.
 */
function detailsOf(
  { code, reason, sent_at: sentAt, recipients }: Row,
  state: EmittedState,
  index = -1,
): Partial<Pick<OutboxRecipient, 'msgId' | 'code' | 'reason' | 'reportedAt' | 'gatewayTime' | 'sentAt'>> {
  const date = (text: string | null | undefined) => (text == null ? null : new Date(text));
  const isReported = REPORTED.has(state);
  return present({
    msgId: recipients?.msgId[index] ?? null,
    code,
    reason: reason ?? (state === 'failed' ? (recipients?.reason[index] ?? null) : null),
    reportedAt: isReported ? date(recipients?.reportedAt[index]) : null,
    gatewayTime: isReported ? date(recipients?.gatewayTime[index]) : null,
    sentAt: MAYBE_SENT.has(state) ? sentAt : null,
  });
}
