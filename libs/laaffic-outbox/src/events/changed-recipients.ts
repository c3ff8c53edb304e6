import type { OutboxRecipient } from '../ledger/chunk-recipients.js';
import { madeOrderId, orderIdPrefix } from '../ledger/order-place.js';
import type { OutboxLedger } from '../ledger/outbox-ledger.js';
import type { Lane } from '../options/outbox.options.js';
import type { EmittedState, RecipientStateEvent } from './outbox-events.js';

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly topic: EmittedState;
  readonly root: string;
  readonly chunk_id: string;
  readonly campaign_id: string | null;
  readonly slots: readonly number[];
  readonly attempt: number;
  readonly sent_at: Date | null;
  readonly code: string | null;
  readonly reason: string | null;
  readonly lane: Lane;
  readonly reference: string | null;
  readonly first: string;
  readonly numbers: string | null;
  readonly order_ids: string | null;
  readonly messages: readonly MessageRow[] | null;
  readonly answer_slots: string | null;
  readonly answer_ids: string | null;
}

type MessageRow = readonly [
  slot: number,
  msgId: string | null,
  reason: string | null,
  reportedAt: string | null,
  gatewayTime: string | null,
];

/** States whose reason is stored in the event, because the recipient gets another reason later. */
const IN_DOUBT: ReadonlySet<EmittedState> = new Set(['unknown', 'held', 'abandoned']);
const REPORTED: ReadonlySet<EmittedState> = new Set(['delivered', 'failed']);

/** Reads recorded changes in the form that handlers get. */
export class ChangedRecipients {
  readonly #select: string;
  readonly #selectNumbers: string;

  constructor(private readonly ledger: OutboxLedger) {
    const s = ledger.database.schema;
    this.#select = `select e.id::text as id, e.topic, e.root::text as root, e.chunk_id::text as chunk_id,
        e.campaign_id::text as campaign_id, e.slots, e.attempt, e.sent_at, e.code, e.reason, c.lane, c.reference,
        c.first::text as first, c.numbers, c.order_ids, a.slots as answer_slots, a.msg_ids as answer_ids,
        (select json_agg(json_build_array(m.idx, m.msg_id, m.reason, m.reported_at, m.gateway_time)) from ${s}.message m
          where m.chunk_id = e.chunk_id and m.idx = any (e.slots)) as messages
      from ${s}.event e join ${s}.chunk c on c.id = e.chunk_id left join ${s}.answer a on a.chunk_id = e.chunk_id
      where e.id = any ($1::bigint[])`;
    this.#selectNumbers = `select coalesce(root, id)::text as root, numbers from ${s}.chunk
      where (id = any ($1::bigint[]) or root = any ($1::bigint[])) and numbers is not null`;
  }

  /** Returns events by their ids. A deleted chunk has no events. */
  async read(ids: readonly string[]): Promise<Map<string, RecipientStateEvent>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.ledger.database.query<Row>(this.#select, [ids]);
    const moved = await this.#movedNumbers(rows);
    return new Map(rows.map((row) => [row.id, this.#eventOf(row, moved.get(row.root))]));
  }

  /** Finds the numbers of resent recipients: they are in another chunk, in the same slots. */
  async #movedNumbers(rows: readonly Row[]): Promise<Map<string, string[]>> {
    const roots = new Set(rows.filter(hasMoved).map(({ root }) => root));
    const found = new Map<string, string[]>();
    if (roots.size === 0) return found;
    const { rows: parts } = await this.ledger.database.query<{ root: string; numbers: string }>(this.#selectNumbers, [
      [...roots],
    ]);
    for (const { root, numbers } of parts) {
      const all = found.get(root) ?? [];
      for (const [slot, number] of numbers.split(',').entries()) if (number !== '') all[slot] = number;
      found.set(root, all);
    }
    return found;
  }

  #eventOf(row: Row, moved: readonly string[] | undefined): RecipientStateEvent {
    const { root, campaign_id: campaignId, reference, lane, slots } = row;
    const numbers = row.numbers?.split(',') ?? [];
    const own = row.order_ids?.split(',');
    const made = orderIdPrefix(this.ledger.prefix, row.chunk_id, row.attempt);
    const known = new Map(row.messages?.map((message) => [message[0], message]));
    const answered = answeredIds(row);
    return {
      messageId: root,
      appId: this.ledger.account,
      ...(campaignId === null ? {} : { campaignId }),
      ...(reference === null ? {} : { reference }),
      lane,
      recipients: slots.map((slot) => ({
        position: Number(row.first) + slot,
        number: numbers[slot] || moved?.[slot],
        orderId: own?.[slot] || madeOrderId(made, slot),
        state: row.topic,
        ...detailsOf(row, known.get(slot), answered.get(slot)),
      })),
    };
  }
}

function hasMoved({ numbers, slots }: Row): boolean {
  const all = numbers?.split(',');
  return all !== undefined && slots.some((slot) => !all[slot]);
}

/** Message ids of recipients that have no rows yet. */
function answeredIds({ answer_slots, answer_ids }: Row): Map<number, string> {
  const slots = answer_slots?.split(',');
  return new Map(answer_ids?.split(',').map((msgId, index) => [Number(slots?.[index] ?? index), msgId]));
}

/** The details of the recipient that belong to the state. */
function detailsOf(
  { topic, code, reason, sent_at }: Row,
  message: MessageRow | undefined,
  answered: string | undefined,
): Partial<Pick<OutboxRecipient, 'msgId' | 'code' | 'reason' | 'reportedAt' | 'gatewayTime' | 'sentAt'>> {
  const [, msgId = answered ?? null, said = null, reportedAt = null, gatewayTime = null] = message ?? [];
  const isReported = REPORTED.has(topic);
  const why = reason ?? (topic === 'failed' ? said : null);
  return {
    ...(msgId === null ? {} : { msgId }),
    ...(code === null ? {} : { code }),
    ...(why === null ? {} : { reason: why }),
    ...(reportedAt !== null && isReported ? { reportedAt: new Date(reportedAt) } : {}),
    ...(gatewayTime !== null && isReported ? { gatewayTime: new Date(gatewayTime) } : {}),
    ...(sent_at !== null && IN_DOUBT.has(topic) ? { sentAt: sent_at } : {}),
  };
}
