import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { beginningOfMessage, historyOfCampaign, historyOfMessage, listHistory } from '../sql/generated.js';
import { isRowId } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { present } from '../store/recipients.js';
import { checkPage, checkPeriod, checkText } from './command-checks.js';

/** An event in the history of a message or campaign. Entries never change. */
export interface HistoryEntry {
  readonly at: Date;
  /** `sending`, `completed`, `rejected`, `unknown`, `held`, `resent`, … */
  readonly event: string;
  /** A worker, `app`, or the `actor` of the call. */
  readonly actor: string;
  /** The recipients of one request; `undefined` if the entry concerns the whole campaign. */
  readonly chunkId: string | undefined;
  /** The number of the attempt, from 1. */
  readonly attempt: number | undefined;
  /** A code, a number of recipients, or `sealed` for the first entry of a sealed message. */
  readonly detail: string | undefined;
}

/** Filters the history of everything. An entry is listed if it matches all of them. */
export interface HistoryFilter {
  /** Lists only entries of this campaign and its chunks. */
  readonly campaignId?: string | undefined;
  /** Lists only entries of this message and its chunks. Not together with `campaignId`. */
  readonly messageId?: string | undefined;
  /**
   * Lists only entries of this event, such as `held`. `sending` and `completed` need a `campaignId` or `messageId`.
   * @default any event; without a campaign or message, any but `sending` and `completed`, which every message has
   */
  readonly event?: string | undefined;
  /** Lists only what this actor did: a worker, `gateway`, or the `actor` of a call. */
  readonly actor?: string | undefined;
  /** Lists only entries of this time or later. */
  readonly from?: Date | undefined;
  /** Lists only entries before this time. */
  readonly to?: Date | undefined;
  /** Lists only entries older than the one with this id: `before` of the previous page. */
  readonly before?: string | undefined;
  /**
   * The maximum number of entries, at most 1,000.
   * @default 50
   */
  readonly limit?: number | undefined;
}

/** An entry of the history of everything. */
export interface ListedHistoryEntry extends HistoryEntry {
  readonly id: string;
  /** Missing if the entry concerns no single message, or the message was deleted. */
  readonly messageId?: string;
  /** Missing if the entry concerns no campaign. */
  readonly campaignId?: string;
}

/** A page of the history. */
export interface HistoryPage {
  /** Newest first. */
  readonly entries: readonly ListedHistoryEntry[];
  /** The value of `before` for the next page; missing on the last page. A page may be empty and not be the last. */
  readonly before?: string;
}

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly actor: string;
  readonly chunk_id: string | null;
  readonly attempt: number | null;
  readonly detail: string | null;
}

/** Number of entries that one statement reads. */
const STEP = 1_000;
const LARGEST_PAGE = 1_000;
/** How many entries one page compares with filters that no index serves. */
const LOOK = 2_000;
/** The events that every message has. Among the others, what people look for would be lost. */
const OF_EVERY_MESSAGE = ['sending', 'completed'];

/** Reads the history: what happened, when, and who did it. */
export class History {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'readers'>) {}

  /** Includes the chunks that the message was split into. */
  async *ofMessage(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    const { account, readers } = this.store;
    const [begun] = await readers.run(beginningOfMessage, { account, id });
    if (begun !== undefined) {
      const { created_at: at, created_by: actor, seal_key_id: sealKeyId } = begun;
      const detail = sealKeyId === null ? undefined : 'sealed';
      yield { at, event: 'pending', actor, chunkId: begun.id, attempt: 0, detail };
    }
    yield* pages((after) => readers.run(historyOfMessage, { account, id, after, limit: STEP }));
  }

  ofCampaign(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    const { account, readers } = this.store;
    return pages((after) => readers.run(historyOfCampaign, { account, id, after, limit: STEP }));
  }

  /** @throws {LaafficInputException} naming each wrong field. */
  async list(filter: HistoryFilter): Promise<HistoryPage> {
    const { campaignId, messageId, event, actor, from, to, before, limit = 50 } = filter;
    const issues = checkFilter(filter, limit);
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, readers } = this.store;
    const rows = await readers.run(listHistory, {
      account,
      campaignId: campaignId ?? null,
      messageId: messageId ?? null,
      event: event ?? null,
      actor: actor ?? null,
      from: from ?? null,
      to: to ?? null,
      before: before ?? null,
      look: LOOK,
      limit,
    });
    const entries = rows.flatMap(({ id, message_id, campaign_id, ...row }) =>
      id === null ? [] : [{ id, ...present({ messageId: message_id, campaignId: campaign_id }), ...entryOf(row) }],
    );
    const next = entries.length < limit ? (rows[0]?.looked_up_to ?? null) : (entries.at(-1)?.id ?? null);
    return { entries, ...present({ before: next }) };
  }
}

async function* pages(read: (after: string) => Promise<Row[]>): AsyncGenerator<HistoryEntry, void, undefined> {
  for (let after = '0'; ;) {
    const rows = await read(after);
    for (const row of rows) yield entryOf(row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

function entryOf({ at, event, actor, chunk_id, attempt, detail }: Omit<Row, 'id'>): HistoryEntry {
  const chunk = { chunkId: chunk_id ?? undefined, attempt: attempt ?? undefined };
  return { at, event, actor, ...chunk, detail: detail ?? undefined };
}

function checkFilter(filter: HistoryFilter, limit: number): Issue[] {
  const { campaignId, messageId, event, actor, from, to, before } = filter;
  const isOfEverything = campaignId === undefined && messageId === undefined;
  return [
    ...(campaignId === undefined || isRowId(campaignId)
      ? []
      : [{ field: 'campaignId', problem: 'must be the id of a campaign' }]),
    ...(messageId === undefined || isRowId(messageId)
      ? []
      : [{ field: 'messageId', problem: 'must be the id of a message' }]),
    ...(campaignId === undefined || messageId === undefined
      ? []
      : [{ field: 'messageId', problem: 'must not be given together with campaignId' }]),
    ...(event === undefined ? [] : checkText('event', event)),
    ...(isOfEverything && event !== undefined && OF_EVERY_MESSAGE.includes(event)
      ? [{ field: 'event', problem: `must not be ${event} without a campaignId or messageId: every message has it` }]
      : []),
    ...(actor === undefined ? [] : checkText('actor', actor)),
    ...checkPeriod(from, to),
    ...checkPage({ before, limit }, LARGEST_PAGE, 'an entry'),
  ];
}
