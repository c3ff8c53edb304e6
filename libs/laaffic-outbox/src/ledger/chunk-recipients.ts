import { madeOrderId, orderIdPrefix } from './order-place.js';

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
  readonly state: string;
  readonly first: string;
  readonly n: number;
  readonly numbers: string | null;
  readonly order_ids: string | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly sent_at: Date | null;
  readonly messages: readonly MessageRow[] | null;
  readonly invalid: readonly InvalidRow[] | null;
}

type MessageRow = readonly [
  slot: number,
  state: string,
  msgId: string | null,
  code: string | null,
  reason: string | null,
  reportedAt: string | null,
  gatewayTime: string | null,
];

type InvalidRow = readonly [
  slot: number,
  code: string,
  reason: string | null,
  line: number | null,
  orderId: string | null,
  input: string | null,
];

/** The columns of a {@link ChunkRow}, for `chunk c`. */
export function chunkColumns(schema: string): string {
  return `c.id::text as id, c.attempt, c.state::text as state, c.first::text as first, c.n, c.numbers, c.order_ids, c.code, c.reason, c.sent_at,
    (select json_agg(json_build_array(m.idx, m.state, m.msg_id, m.code, m.reason, m.reported_at, m.gateway_time)
      order by m.idx)
      from (
        select * from ${schema}.message where chunk_id = c.id
        union all select a.chunk_id, coalesce(i.slot::smallint, i.at - 1)::smallint,
          'accepted', i.msg_id, null, null, null, null
        from ${schema}.answer a
        cross join lateral unnest(string_to_array(a.msg_ids, ','), string_to_array(a.slots, ',')) with ordinality i (msg_id, slot, at)
        where a.chunk_id = c.id
      ) m) as messages,
    case when c.invalid > 0 then (
      select json_agg(json_build_array(e.idx, e.code, e.reason, e.line, e.order_id, e.input) order by e.idx)
      from ${schema}.invalid_entry e where e.chunk_id = c.id
    ) end as invalid`;
}

const IN_DOUBT: ReadonlySet<RecipientState> = new Set(['unknown', 'held', 'abandoned']);

const BY_CHUNK: Readonly<Record<string, RecipientState>> = {
  pending: 'pending',
  sending: 'sending',
  refused: 'rejected',
  cancelled: 'cancelled',
  unknown: 'unknown',
  held: 'held',
  abandoned: 'abandoned',
};

/**
 * Returns the recipients of a chunk in the order of its slots. A recipient's own row takes precedence over the chunk.
 */
export function recipientsOf(chunk: ChunkRow, prefix: string): OutboxRecipient[] {
  const rows = new Map((chunk.messages ?? []).map((row) => [row[0], row]));
  const numbers = chunk.numbers?.split(',');
  const own = chunk.order_ids?.split(',');
  const made = orderIdPrefix(prefix, chunk.id, chunk.attempt);
  const slots = numbers === undefined ? slotsWithout(chunk, rows) : numbers.keys();
  const recipients: OutboxRecipient[] = [];
  for (const slot of slots) {
    const row = rows.get(slot);
    const number = numbers?.[slot] || undefined;
    const state = row === undefined ? BY_CHUNK[chunk.state] : (row[1] as RecipientState);
    // An empty slot has no recipient.
    if (state === undefined || (number === undefined && numbers !== undefined)) continue;
    const [, , msgId = null, code = chunk.code, reason = chunk.reason, reportedAt = null, gatewayTime = null] =
      row ?? [];
    recipients.push({
      position: Number(chunk.first) + slot,
      number,
      orderId: own?.[slot] || madeOrderId(made, slot),
      state,
      ...(msgId === null ? {} : { msgId }),
      ...(code === null ? {} : { code }),
      ...(reason === null ? {} : { reason }),
      ...(reportedAt === null ? {} : { reportedAt: new Date(reportedAt) }),
      ...(gatewayTime === null ? {} : { gatewayTime: new Date(gatewayTime) }),
      ...(chunk.sent_at !== null && IN_DOUBT.has(state) ? { sentAt: chunk.sent_at } : {}),
    });
  }
  return chunk.invalid === null ? recipients : withInvalid(recipients, chunk.first, chunk.invalid);
}

function withInvalid(recipients: OutboxRecipient[], first: string, rows: readonly InvalidRow[]): OutboxRecipient[] {
  const invalid = rows.map(([slot, code, reason, line, orderId, input]): OutboxRecipient => ({
    position: Number(first) + slot,
    number: undefined,
    orderId: orderId ?? '',
    state: 'invalid',
    code,
    ...(reason === null ? {} : { reason }),
    ...(line === null ? {} : { line }),
    ...(input === null ? {} : { input }),
  }));
  return [...recipients, ...invalid].sort((a, b) => a.position - b.position);
}

/**
 * Returns the slots of a chunk whose numbers were erased: those with rows, and the first others up to its number of
 * recipients.
 */
function slotsWithout({ n, state, invalid }: ChunkRow, rows: ReadonlyMap<number, MessageRow>): number[] {
  const slots = [...rows.keys()];
  const isAccounted = BY_CHUNK[state] === undefined;
  const nobodys = new Set(invalid?.map(([slot]) => slot));
  for (let slot = 0; !isAccounted && slots.length < n; slot++) {
    if (!rows.has(slot) && !nobodys.has(slot)) slots.push(slot);
  }
  return slots.sort((a, b) => a - b);
}
