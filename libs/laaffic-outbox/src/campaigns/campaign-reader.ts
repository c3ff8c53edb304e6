import { invalidCommand, type Issue } from 'nestjs-laaffic';
import type { Database } from '../database/database.js';
import { checkPage, checkText } from '../messages/command-checks.js';
import type { UnconfirmedAction } from '../options/outbox.options.js';
import { findCampaign, listCampaigns, readProgress } from '../sql/generated.js';
import { isRowId } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { notFound } from './campaign-control.js';
import { CAMPAIGN_STATES, type Campaign, type CampaignProgress, type CampaignState } from './campaign.js';

/** Filters the list of campaigns. */
export interface CampaignFilter {
  /** @default any state */
  readonly state?: CampaignState | undefined;
  /** Lists only campaigns with exactly this name. */
  readonly name?: string | undefined;
  /**
   * The maximum number of campaigns, at most 1000.
   * @default 50
   */
  readonly limit?: number | undefined;
  /** Lists only campaigns older than the one with this id, such as the last one of the previous page. */
  readonly before?: string | undefined;
}

interface CampaignRow {
  readonly id: string;
  readonly name: string;
  readonly content: string | null;
  readonly sender_id: string | null;
  readonly state: CampaignState;
  readonly priority: number;
  readonly stored_entries: string;
  readonly idempotency_key: string | null;
  readonly on_unconfirmed: UnconfirmedAction | null;
  readonly created_at: Date;
  readonly starts_at: Date | null;
  readonly done_at: Date | null;
  readonly paused_code: string | null;
  readonly paused_reason: string | null;
}

const LARGEST_PAGE = 1_000;

/** Reads campaigns. */
export class CampaignReader {
  /** @param database the one for calls of this kind. */
  constructor(
    private readonly store: Pick<OutboxStore, 'account'>,
    private readonly database: Database,
  ) {}

  async find(id: string): Promise<Campaign | undefined> {
    if (!isRowId(id)) return undefined;
    const [row] = await this.database.run(findCampaign, { account: this.store.account, id });
    return row === undefined ? undefined : campaignOf(row);
  }

  /** @throws {LaafficInputException} naming each wrong field. */
  async list({ state, name, limit = 50, before }: CampaignFilter): Promise<Campaign[]> {
    const issues: Issue[] = [
      ...(state === undefined || CAMPAIGN_STATES.includes(state)
        ? []
        : [{ field: 'state', problem: `must be one of ${CAMPAIGN_STATES.join(', ')}` }]),
      ...(name === undefined ? [] : checkText('name', name)),
      ...checkPage({ before, limit }, LARGEST_PAGE, 'a campaign'),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    const filter = { state: state ?? null, name: name ?? null, before: before ?? null };
    const rows = await this.database.run(listCampaigns, { account: this.store.account, ...filter, limit });
    return rows.map(campaignOf);
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async readProgress(id: string): Promise<CampaignProgress> {
    if (!isRowId(id)) throw notFound(id);
    const [row] = await this.database.run(readProgress, { account: this.store.account, id });
    if (row === undefined) throw notFound(id);
    const [total, delivered, failed] = [Number(row.stored_entries), Number(row.delivered), Number(row.failed)];
    const known = {
      sending: Number(row.sending),
      accepted: Number(row.accepted) - delivered - failed,
      delivered,
      failed,
      rejected: Number(row.rejected),
      invalid: Number(row.invalid_entries),
      unknown: Number(row.unknown),
      held: Number(row.held),
      abandoned: Number(row.abandoned),
    };
    const cancelled = Number(row.cancelled);
    const left = total - cancelled - Object.values(known).reduce((sum, count) => sum + count, 0);
    // A cancelled campaign may still have chunks that maintenance has to cancel.
    const isCancelled = row.state === 'cancelled';
    return {
      id,
      state: row.state,
      startedAt: row.has_started ? (row.starts_at ?? undefined) : undefined,
      doneAt: row.done_at ?? undefined,
      total,
      pending: isCancelled ? 0 : left,
      cancelled: isCancelled ? cancelled + left : cancelled,
      ...known,
    };
  }
}

function campaignOf(row: CampaignRow): Campaign {
  return {
    id: row.id,
    name: row.name,
    content: row.content ?? undefined,
    senderId: row.sender_id ?? undefined,
    state: row.state,
    priority: row.priority,
    total: Number(row.stored_entries),
    idempotencyKey: row.idempotency_key ?? undefined,
    onUnconfirmed: row.on_unconfirmed ?? undefined,
    createdAt: row.created_at,
    startsAt: row.starts_at ?? undefined,
    doneAt: row.done_at ?? undefined,
    pausedCode: row.paused_code ?? undefined,
    pausedReason: row.paused_reason ?? undefined,
  };
}
