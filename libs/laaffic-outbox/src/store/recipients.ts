import type { Price } from 'nestjs-laaffic';
import type { ChunkState } from '../sql/generated.js';
import type { InvalidColumns, RecipientColumns } from '../sql/statement.js';
import { madeOrderId, orderIdPrefix } from './order-ids.js';

/**
 * The state of a recipient.
 * - `pending`: waits to be sent. `sending`: its request is in flight.
 * - `accepted`: the gateway accepted it. `delivered`, `failed`: a delivery report says so.
 * - `rejected`: certainly not sent. `cancelled`: cancelled before it was sent.
 * - `invalid`: an entry of a campaign that is not a valid recipient, or a rejected duplicate; never sent.
 * - `unknown`: perhaps sent; waiting for evidence. `held`: there was no evidence; needs a manual decision. `abandoned`:
 *   left unknown for ever.
 */
export type RecipientState =
  | 'pending'
  | 'sending'
  | 'accepted'
  | 'delivered'
  | 'failed'
  | 'rejected'
  | 'invalid'
  | 'cancelled'
  | 'unknown'
  | 'held'
  | 'abandoned';

/** A recipient with its state and details. */
export interface OutboxRecipient {
  /** The position in its message or campaign, from 0. */
  readonly position: number;
  /** `undefined` after the retention period, and for `invalid` entries. */
  readonly number: string | undefined;
  /** The caller's order id, otherwise one that the outbox made. Empty for an invalid entry without one. */
  readonly orderId: string;
  readonly state: RecipientState;
  readonly msgId?: string;
  /** Why it was not accepted: a code for programs. */
  readonly code?: string;
  /** Why it was not accepted or not delivered: a text for people. */
  readonly reason?: string;
  /** When the outbox received the report that it was delivered or failed. */
  readonly reportedAt?: Date;
  /**
   * When it was delivered or failed, according to the gateway. Its documentation does not say whether this is the time
   * of delivery or of sending. Missing if the report had no time.
   */
  readonly gatewayTime?: Date;
  /** What the platform charges for it, if a report said so. The total is exact: a decimal as text. */
  readonly price?: Pick<Price, 'total' | 'currency' | 'segments'>;
  /** Its mobile country code, if a report said so. */
  readonly mcc?: string;
  /** Its mobile network code, if a report said so. */
  readonly mnc?: string;
  /** When the request started that may have sent it. Only for unknown, held and abandoned recipients. */
  readonly sentAt?: Date;
  /** The line in the caller's file, as given by the source. Only for invalid entries. */
  readonly line?: number;
  /** The original text, truncated, with digits masked that may be a phone number. Only for invalid entries. */
  readonly input?: string;
}

/** A chunk with the details of its recipients, as the database returns it. */
export interface ChunkRow {
  readonly id: string;
  readonly attempt: number;
  readonly state: ChunkState;
  readonly first_position: string;
  readonly size: number;
  readonly numbers: string | null;
  readonly order_ids: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly sent_at: Date | null;
  readonly recipients: RecipientColumns | null;
  readonly invalid: InvalidColumns | null;
}

const MAYBE_SENT: ReadonlySet<RecipientState> = new Set(['unknown', 'held', 'abandoned']);

/** The state of recipients without a row. In a completed chunk all have rows, and a split one has no recipients. */
const BY_CHUNK: Readonly<Partial<Record<ChunkState, RecipientState>>> = {
  pending: 'pending',
  sending: 'sending',
  rejected: 'rejected',
  cancelled: 'cancelled',
  unknown: 'unknown',
  held: 'held',
  abandoned: 'abandoned',
};

/**
 * Returns the recipients of a chunk in the order of its slots. A recipient's own row takes precedence over the chunk.
 */
export function recipientsOf(chunk: ChunkRow, prefix: string): OutboxRecipient[] {
  const rows = new Map(chunk.recipients?.slot.map((slot, index) => [slot, index]));
  const costs = costsBySlot(chunk.recipients);
  const numbers = chunk.numbers?.split(',');
  const own = chunk.order_ids?.split(',');
  const made = orderIdPrefix(prefix, chunk.id, chunk.attempt);
  const slots = numbers === undefined ? slotsWithout(chunk, rows) : numbers.keys();
  const recipients: OutboxRecipient[] = [];
  for (const slot of slots) {
    const details = detailsAt(chunk, rows.get(slot));
    const number = numbers?.[slot] || undefined;
    // An empty slot has no recipient.
    if (details === undefined || (number === undefined && numbers !== undefined)) continue;
    recipients.push({
      position: Number(chunk.first_position) + slot,
      number,
      orderId: own?.[slot] || madeOrderId(made, slot),
      ...details,
      ...costs.get(slot),
      ...(chunk.sent_at !== null && MAYBE_SENT.has(details.state) ? { sentAt: chunk.sent_at } : {}),
    });
  }
  return chunk.invalid === null ? recipients : withInvalid(recipients, chunk.first_position, chunk.invalid);
}

type Costs = Pick<OutboxRecipient, 'price' | 'mcc' | 'mnc'>;
type Details = Pick<OutboxRecipient, 'state' | 'msgId' | 'code' | 'reason' | 'reportedAt' | 'gatewayTime'>;

/** @param index where the columns have the recipient; `undefined` if it has no row. */
function detailsAt({ state, code, reason, recipients }: ChunkRow, index: number | undefined): Details | undefined {
  if (recipients === null || index === undefined) {
    const shared = BY_CHUNK[state];
    return shared === undefined ? undefined : { state: shared, ...present({ code, reason }) };
  }
  const [reportedAt, gatewayTime] = [recipients.reportedAt[index] ?? null, recipients.gatewayTime[index] ?? null];
  return {
    state: recipients.state[index] as RecipientState,
    ...present({
      msgId: recipients.msgId[index] ?? null,
      code: recipients.code[index] ?? null,
      reason: recipients.reason[index] ?? null,
      reportedAt: reportedAt === null ? null : new Date(reportedAt),
      gatewayTime: gatewayTime === null ? null : new Date(gatewayTime),
    }),
  };
}

/** What is known of the costs of recipients. */
export function costsBySlot(columns: RecipientColumns | null): Map<number, Costs> {
  return new Map(
    columns?.charges?.map(([slot, total, currency, segments, mcc, mnc]) => {
      const price = total === null || currency === null || segments === null ? null : { total, currency, segments };
      return [slot, present({ price, mcc, mnc })];
    }),
  );
}

/** The fields that are not null. */
export function present<T extends object>(fields: T): { [Key in keyof T]?: NonNullable<T[Key]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [Key in keyof T]?: NonNullable<T[Key]>;
  };
}

function withInvalid(recipients: OutboxRecipient[], first: string, invalid: InvalidColumns): OutboxRecipient[] {
  const entries = invalid.slot.map((slot, index): OutboxRecipient => ({
    position: Number(first) + slot,
    number: undefined,
    orderId: invalid.orderId[index] ?? '',
    state: 'invalid',
    ...present({
      code: invalid.code[index] ?? null,
      reason: invalid.reason[index] ?? null,
      line: invalid.line[index] ?? null,
      input: invalid.input[index] ?? null,
    }),
  }));
  return [...recipients, ...entries].sort((a, b) => a.position - b.position);
}

/**
 * Returns the slots of a chunk whose numbers were erased: those with rows, and the first others up to its number of
 * recipients.
 */
function slotsWithout({ size, state, invalid }: ChunkRow, rows: ReadonlyMap<number, number>): number[] {
  const slots = [...rows.keys()];
  const haveRows = BY_CHUNK[state] === undefined;
  const empty = new Set(invalid?.slot);
  for (let slot = 0; !haveRows && slots.length < size; slot++) {
    if (!rows.has(slot) && !empty.has(slot)) slots.push(slot);
  }
  return slots.sort((a, b) => a - b);
}
