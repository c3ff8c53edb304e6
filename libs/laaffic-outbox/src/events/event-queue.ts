import { randomUUID } from 'node:crypto';
import { claimEvents, finishEvents, postponeEvents, releaseEvents, renewEvents } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** The topic of a finished campaign. All other topics are states of recipients. */
export const CAMPAIGN_DONE = 'campaign done';

/** An event that this process handles. */
export interface ClaimedEvent {
  readonly id: string;
  readonly topic: string;
  readonly campaignId: string | undefined;
  /** How often its handlers have failed. */
  readonly failures: number;
}

/** The events of one message or campaign, oldest first. No other process handles them until the lease ends. */
export interface EventClaim {
  readonly token: string;
  readonly events: readonly ClaimedEvent[];
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10 * 60_000;
/** Maximum number of events of one message in one claim. */
const STEP = 200;

/** The committed events that no handler has handled yet. */
export class EventQueue {
  constructor(
    private readonly store: Pick<OutboxStore, 'account' | 'database'>,
    /** How long a claim holds without renewal, in milliseconds. */
    private readonly leaseMs: number,
  ) {}

  /**
   * Claims the events of messages and campaigns.
   * @param topics topics with handlers in this process. Other topics are left to other processes.
   * @param limit the maximum number of messages and campaigns.
   */
  async claim(topics: readonly string[], limit: number): Promise<EventClaim[]> {
    const token = randomUUID();
    const { database, account } = this.store;
    const { leaseMs } = this;
    const rows = await database.run(claimEvents, { account, topics, limit, claim: token, leaseMs, perMessage: STEP });
    const groups = new Map<string, ClaimedEvent[]>();
    for (const { id, topic, root_id, campaign_id, failures } of rows.sort((a, b) => Number(a.id) - Number(b.id))) {
      const event = { id, topic, campaignId: campaign_id ?? undefined, failures };
      const key = root_id ?? `campaign ${id}`;
      groups.set(key, [...(groups.get(key) ?? []), event]);
    }
    return [...groups.values()].map((events) => ({ token, events }));
  }

  /** Extends the lease of a claim, unless it belongs to another process by now. */
  async renew({ token, events }: EventClaim): Promise<void> {
    await this.store.database.run(renewEvents, { ids: idsOf(events), claim: token, leaseMs: this.leaseMs });
  }

  /** Removes events that were handled. */
  async finish({ token }: EventClaim, events: readonly ClaimedEvent[]): Promise<void> {
    await this.store.database.run(finishEvents, { ids: idsOf(events), claim: token });
  }

  /** Postpones events whose handlers failed, with back-off. Later events wait behind them. */
  async postpone(
    { token }: EventClaim,
    failed: readonly ClaimedEvent[],
    later: readonly ClaimedEvent[],
  ): Promise<void> {
    const failures = Math.max(...failed.map((event) => event.failures));
    const delayMs = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 20));
    const ids = idsOf([...failed, ...later]);
    await this.store.database.run(postponeEvents, { ids, claim: token, delayMs, failedIds: idsOf(failed) });
  }

  /** Releases events, so other processes can handle them at once. */
  async release({ token }: EventClaim, events: readonly ClaimedEvent[]): Promise<void> {
    await this.store.database.run(releaseEvents, { ids: idsOf(events), claim: token });
  }
}

function idsOf(events: readonly ClaimedEvent[]): string[] {
  return events.map(({ id }) => id);
}
