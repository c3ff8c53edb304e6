import type { Database } from '../database/database.js';
import type { Lane } from '../options/outbox.options.js';
import { countDue, readLaneControls, readLaneLimits, readSealedContents, readStats } from '../sql/generated.js';

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
  /** Recipients whose request is in flight. */
  readonly sending: number;
  readonly unknown: number;
  readonly held: number;
  /** Events that a handler failed to handle too often: see `SmsOutbox.listFailedEvents`. Not recipients. */
  readonly failedEvents: number;
  /** `undefined` while the account works. */
  readonly paused: AccountPause | undefined;
  /** Lanes in which requests get no readable responses; empty while both work. */
  readonly limitedLanes: readonly LaneLimit[];
  /** Lanes that a person has paused with `pauseLane`; usually empty. */
  readonly pausedLanes: readonly LanePause[];
  /** Lanes whose concurrency a person has set with `setLaneConcurrency`; usually empty. */
  readonly laneConcurrency: readonly LaneConcurrency[];
  /** The keys of sealed texts that are still stored; empty if there are none. */
  readonly sealKeys: readonly SealKeyUse[];
}

/** How many sealed texts need a key. */
export interface SealKeyUse {
  /** Identifies the key, and tells nothing about it. */
  readonly keyId: string;
  /** The position of the key in `sealKeys` of this process; `undefined` if this process does not have it. */
  readonly position: number | undefined;
  /** The recipients of messages whose text is still stored: pending, sending, unknown or held. */
  readonly recipients: number;
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

/** Why nothing is sent in a lane: a person has paused it. */
export interface LanePause {
  readonly lane: Lane;
  readonly since: Date;
  readonly actor: string;
  readonly reason: string | undefined;
}

/** How many requests of a lane each worker process sends at once, instead of its own option. */
export interface LaneConcurrency {
  readonly lane: Lane;
  readonly slots: number;
  readonly since: Date;
  readonly actor: string;
}

/** Counts what waits, by reading open rows only. */
export class StatsReader {
  /** @param database the one for calls of this kind, or a single connection. */
  constructor(
    private readonly account: string,
    private readonly database: Pick<Database, 'run'>,
    private readonly seals: { readonly ids: readonly string[] },
  ) {}

  /** Counts single messages of the priority lane that could be sent now, up to `max`. */
  async countDue(max: number): Promise<number> {
    const [row] = await this.database.run(countDue, { account: this.account, max, sealKeyIds: null });
    return row?.count ?? 0;
  }

  async read(): Promise<OutboxStats> {
    const { account } = this;
    const [row] = await this.database.run(readStats, { account });
    if (row === undefined) throw new Error('The account has no row');
    const lanes = await this.database.run(readLaneLimits, { account });
    const controls = await this.database.run(readLaneControls, { account });
    const sealed = await this.database.run(readSealedContents, { account });
    return {
      backlog: Number(row.backlog),
      scheduled: Number(row.scheduled),
      oldestPendingSeconds: Math.round(row.oldest),
      oldestPrioritySeconds: Math.round(row.oldest_priority),
      sending: Number(row.sending),
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
      pausedLanes: controls.flatMap(({ lane, paused_at: since, paused_by: actor, paused_reason: reason }) =>
        since === null ? [] : [{ lane, since, actor: actor ?? '', reason: reason ?? undefined }],
      ),
      laneConcurrency: controls.flatMap(({ lane, slots, slots_set_at: since, slots_set_by: actor }) =>
        slots === null || since === null ? [] : [{ lane, slots, since, actor: actor ?? '' }],
      ),
      sealKeys: sealed.map(({ key_id: keyId, recipients }) => {
        const position = this.seals.ids.indexOf(keyId);
        return { keyId, position: position < 0 ? undefined : position, recipients: Number(recipients) };
      }),
    };
  }
}
