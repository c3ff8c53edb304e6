import type { Database } from '../database/database.js';
import type { Lane } from '../options/outbox.options.js';
import { countDue, readLaneLimits, readStats } from '../sql/generated.js';

/** How much waits in an account's outbox, in recipients. Drafts and paused campaigns are not counted. */
export interface OutboxStats {
  /** Recipients that could be sent to now. */
  readonly backlog: number;
  /** Recipients of messages and of running or scheduled campaigns that are due later. */
  readonly scheduled: number;
  /** How long the oldest of the backlog has been due, in seconds; 0 if there is no backlog. */
  readonly oldestPendingSeconds: number;
  /** The same for the priority lane only, in seconds. */
  readonly oldestPrioritySeconds: number;
  readonly unknown: number;
  readonly held: number;
  /** Events that a handler failed to handle too often: see `SmsOutbox.listFailedEvents`. Not recipients. */
  readonly failedEvents: number;
  /** `undefined` while the account works. */
  readonly paused: AccountPause | undefined;
  /** Lanes in which requests get no readable responses; empty while both work. */
  readonly limitedLanes: readonly LaneLimit[];
}

/** Why nothing is sent for an account. */
export interface AccountPause {
  readonly code: string;
  /** The gateway's reason. */
  readonly reason: string;
  readonly since: Date;
  /** When the next probe is sent, if a message is due. */
  readonly probesAt: Date;
  /** The message whose rejection paused the account. For a message of a campaign there is a `campaignId` instead. */
  readonly messageId: string | undefined;
  readonly campaignId: string | undefined;
}

/** Why less is sent in a lane. */
export interface LaneLimit {
  readonly lane: Lane;
  /** The maximum number of recipients in one request. 0: the lane is paused. */
  readonly largestRequest: number;
  /** Always `OUTBOX_GATEWAY_UNRESPONSIVE`. */
  readonly code: string;
  readonly reason: string;
  readonly since: Date;
  /** When a larger request is tried, if one is due. */
  readonly probesAt: Date;
}

/** Counts what waits, by reading open rows only. */
export class StatsReader {
  /** @param database the one for calls of this kind, or a single connection. */
  constructor(
    private readonly account: string,
    private readonly database: Pick<Database, 'run'>,
  ) {}

  /** Counts single messages of the priority lane that could be sent now, up to `max`. */
  async countDue(max: number): Promise<number> {
    const [row] = await this.database.run(countDue, { account: this.account, max });
    return row?.count ?? 0;
  }

  async read(): Promise<OutboxStats> {
    const { account } = this;
    const [row] = await this.database.run(readStats, { account });
    if (row === undefined) throw new Error('The account has no row');
    const lanes = await this.database.run(readLaneLimits, { account });
    return {
      backlog: Number(row.backlog),
      scheduled: Number(row.scheduled),
      oldestPendingSeconds: Math.round(row.oldest),
      oldestPrioritySeconds: Math.round(row.oldest_priority),
      unknown: Number(row.unknown),
      held: Number(row.held),
      failedEvents: Number(row.failed_events),
      paused:
        row.paused_at === null
          ? undefined
          : {
              code: row.paused_code ?? '',
              reason: row.paused_reason ?? '',
              since: row.paused_at,
              probesAt: row.probe_at ?? row.paused_at,
              messageId: row.message_id ?? undefined,
              campaignId: row.campaign_id ?? undefined,
            },
      limitedLanes: lanes.map(({ lane, max_size, reason, since, probe_at }) => ({
        ...{ lane, largestRequest: max_size, code: 'OUTBOX_GATEWAY_UNRESPONSIVE', reason, since, probesAt: probe_at },
      })),
    };
  }
}
