import { madeOrderId, orderIdPrefix } from './order-place.js';

/**
 * Where a recipient's message is.
 * - `pending`: it waits to be sent, `sending`: its request is under way.
 * - `accepted`: the gateway took it; `delivered`, `failed`: and reported so.
 * - `rejected`: surely not sent. `cancelled`: never sent, by somebody's will.
 * - `invalid`: an entry of a campaign that is no recipient, or a duplicate that is refused; never sent.
 * - `unknown`: perhaps sent; proof is waited for. `held`: none came, a person has to decide. `abandoned`:
 *   it was decided that nobody will ever know.
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

/** What the ledger knows of one recipient. */
export interface OutboxRecipient {
  /** The recipient's place in its message or campaign, from 0. */
  readonly position: number;
  /** `undefined` once it was removed for its age, and of what is `invalid`. */
  readonly number: string | undefined;
  /** The caller's, or else the outbox' own; empty for an invalid entry without one. */
  readonly orderId: string;
  readonly state: RecipientState;
  readonly msgId?: string;
  /** Why it was not accepted, for programs. */
  readonly code?: string;
  /** Why it was not accepted, or not delivered, in words. */
  readonly reason?: string;
  /** When the outbox heard that it was delivered, or failed. */
  readonly reportedAt?: Date;
  /**
   * When it was delivered, or failed, in the words of the gateway, whose pages do not say whether they mean that or the
   * time at which it was sent. Missing if the report told no time.
   */
  readonly gatewayTime?: Date;
  /** When the request began that may have sent it; of those that are unknown, held or abandoned. */
  readonly sentAt?: Date;
  /** Where the entry is in the caller's file, as its source says; of invalid ones. */
  readonly line?: number;
  /** What stands there, cut, and with its digits masked where they may be a phone number; of invalid ones. */
  readonly input?: string;
}

/** A chunk with what is known of its recipients, as the database gives it. */
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

/** The columns of a {@link ChunkRow}, of `chunk c`. */
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

/** The recipients of a chunk, in the order of its slots: what a row of their own says, else what the chunk says. */
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
    // An empty slot is nobody's.
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

/** The slots of a chunk whose numbers were removed: those with rows, and in order as many more as it has recipients. */
function slotsWithout({ n, state, invalid }: ChunkRow, rows: ReadonlyMap<number, MessageRow>): number[] {
  const slots = [...rows.keys()];
  const isAccounted = BY_CHUNK[state] === undefined;
  const nobodys = new Set(invalid?.map(([slot]) => slot));
  for (let slot = 0; !isAccounted && slots.length < n; slot++) {
    if (!rows.has(slot) && !nobodys.has(slot)) slots.push(slot);
  }
  return slots.sort((a, b) => a - b);
}
