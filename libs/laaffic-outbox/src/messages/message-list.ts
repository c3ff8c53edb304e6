import { invalidCommand, normalizeNumber, type Issue } from 'nestjs-laaffic';
import type { Lane } from '../options/outbox.options.js';
import { listMessages } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { present, type RecipientState } from '../store/recipients.js';
import { checkLane, checkPage, checkPeriod, checkReference } from './command-checks.js';

/** A state that recipients of a message can have. */
export type MessageRecipientState = Exclude<RecipientState, 'invalid'>;

/** Filters the list of messages. A message is listed if it matches all of them. */
export interface MessageFilter {
  /** Lists only messages with at least one recipient in this state. */
  readonly state?: MessageRecipientState | undefined;
  /** Lists only messages of this lane. */
  readonly lane?: Lane | undefined;
  /** Lists only messages that were created at this time or later. */
  readonly from?: Date | undefined;
  /** Lists only messages that were created before this time. */
  readonly to?: Date | undefined;
  /**
   * Lists only messages to this number, in any form that `send` accepts. It does not find messages to several
   * recipients, nor messages whose numbers were erased after the retention period.
   */
  readonly number?: string | undefined;
  /** Lists only messages with this reference. It is erased together with the numbers. */
  readonly reference?: string | undefined;
  /** Lists only messages older than the one with this id: `before` of the previous page. */
  readonly before?: string | undefined;
  /**
   * The maximum number of messages, at most 200.
   * @default 50
   */
  readonly limit?: number | undefined;
}

/** A message without its text and its single recipients. */
export interface ListedMessage {
  readonly id: string;
  /** The caller's own reference; missing after the retention period. */
  readonly reference?: string;
  readonly lane: Lane;
  /** The number of the first recipient; missing after the retention period. */
  readonly number?: string;
  /** Number of recipients. */
  readonly total: number;
  /** The number of recipients in each state that occurs. They add up to `total`. */
  readonly counts: Readonly<Partial<Record<MessageRecipientState, number>>>;
  readonly createdAt: Date;
  /** When it is due, or was due first. */
  readonly dueAt: Date;
  /** When it was last changed. Reports of delivery do not count. */
  readonly changedAt: Date;
  /** Number of send attempts. */
  readonly attempts: number;
}

/** A page of messages. */
export interface MessagePage {
  /** Newest first. */
  readonly messages: readonly ListedMessage[];
  /** The value of `before` for the next page; missing on the last page. A page may be empty and not be the last. */
  readonly before?: string;
}

/** Each may have a thousand recipients. */
const LARGEST_PAGE = 200;
/** How many messages one page compares with filters that no index serves. */
const LOOK = 2_000;
const STATES: readonly MessageRecipientState[] = [
  'pending',
  'sending',
  'accepted',
  'delivered',
  'failed',
  'rejected',
  'cancelled',
  'unknown',
  'held',
  'abandoned',
];
/** An index contains the messages with recipients in one of these states, and no others. */
const PROBLEMS: readonly MessageRecipientState[] = ['rejected', 'cancelled', 'unknown', 'held', 'abandoned'];

/** Lists single messages. */
export class MessageList {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'readers'>) {}

  /** @throws {LaafficInputException} naming each wrong field. */
  async read(filter: MessageFilter): Promise<MessagePage> {
    const { state, lane, from, to, number, reference, before, limit = 50 } = filter;
    const normalized = typeof number === 'string' ? normalizeNumber(number) : undefined;
    const issues: Issue[] = [
      ...(state === undefined || STATES.includes(state)
        ? []
        : [{ field: 'state', problem: `must be one of ${STATES.join(', ')}` }]),
      ...(lane === undefined ? [] : checkLane(lane)),
      ...checkPeriod(from, to),
      ...(number === undefined || normalized !== undefined
        ? []
        : [{ field: 'number', problem: 'must be a phone number with country code' }]),
      ...checkReference(reference),
      ...checkPage({ before, limit }, LARGEST_PAGE, 'a message'),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    const index = indexFor(filter);
    const rows = await this.store.readers.run(listMessages, {
      account: this.store.account,
      lane: lane ?? null,
      state: state ?? null,
      number: normalized ?? null,
      reference: reference ?? null,
      from: from ?? null,
      to: to ?? null,
      before: before ?? null,
      index,
      look: servesAlone(index, filter) ? limit : LOOK,
      limit,
    });
    const messages = rows.flatMap((row) => (row.id === null ? [] : [listed({ ...row, id: row.id })]));
    const next = messages.length < limit ? (rows[0]?.looked_up_to ?? null) : (messages.at(-1)?.id ?? null);
    return { messages, ...present({ before: next }) };
  }
}

type Index = 'number' | 'reference' | 'problem' | 'lane';

/** The index that is likely to find the fewest messages. */
function indexFor({ number, reference, state }: MessageFilter): Index {
  if (number !== undefined) return 'number';
  if (reference !== undefined) return 'reference';
  return state !== undefined && PROBLEMS.includes(state) ? 'problem' : 'lane';
}

/** Whether everything that the index finds matches all filters. Each index is ordered by time. */
function servesAlone(index: Index, { lane, state, reference }: MessageFilter): boolean {
  if (state !== undefined) return false;
  if (index === 'number') return lane === undefined && reference === undefined;
  return index === 'lane' || lane === undefined;
}

interface Row extends Readonly<Record<MessageRecipientState, number>> {
  readonly id: string;
  readonly reference: string | null;
  readonly lane: Lane;
  readonly number: string | null;
  readonly recipients: number;
  readonly created_at: Date;
  readonly due_at: Date;
  readonly changed_at: Date;
  readonly attempts: number;
}

function listed(row: Row): ListedMessage {
  const counts = STATES.filter((state) => row[state] > 0).map((state) => [state, row[state]] as const);
  return {
    id: row.id,
    ...present({ reference: row.reference }),
    lane: row.lane,
    ...present({ number: row.number }),
    total: row.recipients,
    counts: Object.fromEntries(counts),
    createdAt: row.created_at,
    dueAt: row.due_at,
    changedAt: row.changed_at,
    attempts: row.attempts,
  };
}
