import { randomUUID } from 'node:crypto';
import {
  claimEvents,
  finishEvents,
  giveUpEvents,
  postponeEvents,
  releaseEvents,
  renewEvents,
  routeEvents,
} from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** The topic of a finished campaign. All other topics are states of recipients. */
export const CAMPAIGN_DONE = 'campaign done';
/** The error of an event whose handler never came to an end, because its process died each time. */
export const HANDLER_LOST = 'OUTBOX_HANDLER_LOST';

/** What a process can handle, and how much of it. */
export interface HandlerCapacity {
  readonly name: string;
  /** Other topics of the handler are left to other processes. */
  readonly topics: ReadonlySet<string>;
  /** The maximum number of messages and campaigns to claim. */
  readonly limit: number;
}

/** An event for one handler, which this process calls. */
export interface ClaimedEvent {
  readonly id: string;
  readonly topic: string;
  readonly campaignId: string | undefined;
  /** How often the handler has failed. */
  readonly failures: number;
  /** How often its process has died since then, before the handler ended. */
  readonly lost: number;
}

/**
 * The events of one message or campaign for one handler, oldest first. No other process handles them until the lease
 * ends.
 */
export interface EventClaim {
  readonly token: string;
  readonly handler: string;
  readonly events: readonly ClaimedEvent[];
}

const FIRST_PAUSE = 1_000;
/** 20 tries take about two days. */
const LONGEST_PAUSE = 10 * 60 * 60_000;
/** Maximum number of events of one message in one claim. */
const STEP = 200;
/** Maximum number of events that are routed at once. */
const ROUTED = 500;

/** The committed events, and what is left to do for each handler. */
export class EventQueue {
  constructor(
    private readonly store: Pick<OutboxStore, 'account' | 'database'>,
    /** How long a claim holds without renewal, in milliseconds. */
    private readonly leaseMs: number,
  ) {}

  /**
   * Routes recorded events to all registered handlers, also to those of other processes.
   * @returns whether there may be more.
   */
  async route(): Promise<boolean> {
    const [row] = await this.store.database.run(routeEvents, { account: this.store.account, limit: ROUTED });
    return row?.routed === ROUTED;
  }

  /** Claims the events of messages and campaigns. */
  async claim(handlers: readonly HandlerCapacity[]): Promise<EventClaim[]> {
    if (handlers.length === 0) return [];
    const token = randomUUID();
    const { database, account } = this.store;
    const pairs = handlers.flatMap(({ name, topics, limit }) => [...topics].map((topic) => ({ name, topic, limit })));
    const rows = await database.run(claimEvents, {
      account,
      handlers: pairs.map(({ name }) => name),
      topics: pairs.map(({ topic }) => topic),
      limits: pairs.map(({ limit }) => limit),
      claim: token,
      leaseMs: this.leaseMs,
      perMessage: STEP,
    });
    const claims = new Map<string, { handler: string; events: ClaimedEvent[] }>();
    for (const row of rows.sort((a, b) => Number(a.event_id) - Number(b.event_id))) {
      const { id, handler, topic, root_id, campaign_id, failures, lost } = row;
      const key = `${root_id ?? `campaign ${id}`} ${handler}`;
      const claim = claims.get(key) ?? { handler, events: [] };
      claim.events.push({ id, topic, campaignId: campaign_id ?? undefined, failures, lost });
      claims.set(key, claim);
    }
    return [...claims.values()].map((claim) => ({ token, ...claim }));
  }

  /** Extends the lease of a claim, unless it belongs to another process by now. */
  async renew({ token, events }: EventClaim): Promise<void> {
    await this.store.database.run(renewEvents, { ids: idsOf(events), claim: token, leaseMs: this.leaseMs });
  }

  /** Removes events that were handled. */
  async finish({ token }: EventClaim, events: readonly ClaimedEvent[]): Promise<void> {
    await this.store.database.run(finishEvents, { ids: idsOf(events), claim: token });
  }

  /** Postpones events whose handler failed, with back-off. Later events wait behind them. */
  async postpone(
    { token }: EventClaim,
    failed: readonly ClaimedEvent[],
    later: readonly ClaimedEvent[],
    error: string,
  ): Promise<void> {
    const failures = Math.max(...failed.map((event) => event.failures));
    const delayMs = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 20));
    const ids = idsOf([...failed, ...later]);
    await this.store.database.run(postponeEvents, { ids, claim: token, delayMs, failedIds: idsOf(failed), error });
  }

  /**
   * Moves events to the dead letters. Later events no longer wait behind them.
   * @param error the name of the error of the last call; {@link HANDLER_LOST} if there was no call.
   */
  async giveUp({ token }: EventClaim, events: readonly ClaimedEvent[], error: string): Promise<void> {
    const wasCalled = error !== HANDLER_LOST;
    await this.store.database.run(giveUpEvents, { ids: idsOf(events), claim: token, error, wasCalled });
  }

  /** Releases events, so other processes can handle them at once. */
  async release({ token }: EventClaim, events: readonly ClaimedEvent[]): Promise<void> {
    await this.store.database.run(releaseEvents, { ids: idsOf(events), claim: token });
  }
}

function idsOf(events: readonly ClaimedEvent[]): string[] {
  return events.map(({ id }) => id);
}
