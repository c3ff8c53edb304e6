import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { CampaignReader } from '../campaigns/campaign-reader.js';
import { Database } from '../database/database.js';
import { PeriodicTask } from '../runtime/periodic-task.js';
import { subscribe } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { ChangedRecipients } from './changed-recipients.js';
import type { EventHandler, EventHandlers } from './event-handlers.js';
import { CAMPAIGN_DONE, EventQueue, type ClaimedEvent, type EventClaim } from './event-queue.js';
import type { FinishedCampaign, RecipientStateEvent } from './outbox-events.js';

/** Number of messages and campaigns whose handlers run at the same time. */
const MOST_AT_ONCE = 16;
const LEASE = 60_000;
/** Interval between polls in a process that does not send, in milliseconds. */
const POLL = 1_000;
const RENEW_EVERY = 60 * 60_000;
const FAILURE = 'Event handlers of the outbox cannot be called';

/** The events of one handler call: changes of one message, or the end of a campaign. */
interface Batch {
  readonly events: readonly ClaimedEvent[];
  readonly call: Call | undefined;
}

type Call =
  | { readonly type: 'state'; readonly event: RecipientStateEvent }
  | { readonly type: 'campaign'; readonly event: FinishedCampaign };

/** Calls the event handlers of this process, if it has any, from the app's start to its shutdown. */
@Injectable()
export class EventDispatcher
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown
{
  readonly #queue: EventQueue;
  readonly #recipients: ChangedRecipients;
  readonly #campaigns: CampaignReader;
  readonly #running = new Set<Promise<void>>();
  #topics: readonly string[] = [];
  #task: PeriodicTask | undefined;
  #renewals: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly handlers: Pick<EventHandlers, 'all'>,
    /** How long a claim holds, in milliseconds. After that another process calls the handlers. */
    private readonly lease = LEASE,
  ) {
    this.#queue = new EventQueue(store, lease);
    this.#recipients = new ChangedRecipients(store);
    this.#campaigns = new CampaignReader(store, store.database);
    store.listener.on('event', () => this.#task?.wake());
  }

  /**
   * Subscribes before this process, or any process that it wakes, changes anything. Otherwise its handlers would miss
   * the first changes.
   */
  async onModuleInit(): Promise<void> {
    this.#topics = [...new Set(this.handlers.all.flatMap(({ topics }) => [...topics]))];
    if (this.#topics.length > 0) await this.#subscribeFirst();
  }

  onApplicationBootstrap(): void {
    if (this.#topics.length === 0) return;
    const { errors, settings } = this.store;
    const intervalMs = settings.worker?.pollIntervalMs ?? POLL;
    this.#task = new PeriodicTask({ errors, failure: FAILURE, intervalMs, run: () => this.#round() });
    this.#task.start();
    this.#renewals = setInterval(() => void this.#renewSubscriptions(), RENEW_EVERY).unref();
  }

  /** Claims no more events. Other processes, or the next start, handle the rest. */
  onModuleDestroy(): void {
    this.#isStopping = true;
    clearInterval(this.#renewals);
  }

  /** Resolves when the running handlers have ended and their results are stored. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.store.drain(this.#drained());
  }

  async #drained(): Promise<void> {
    await this.#task?.stop();
    await Promise.all(this.#running);
  }

  /** @returns whether there may be more events to claim. */
  async #round(): Promise<boolean> {
    if (this.#running.size === MOST_AT_ONCE) await Promise.race(this.#running);
    if (this.#isStopping) return false;
    const free = MOST_AT_ONCE - this.#running.size;
    const claims = await this.#queue.claim(this.#topics, free);
    const ids = claims.flatMap(({ events }) => events.filter(isOfRecipients).map(({ id }) => id));
    const changes = await this.#recipients.read(ids);
    for (const claim of claims) this.#begin(this.#dispatch(claim, changes));
    return claims.length === free;
  }

  #begin(dispatching: Promise<void>): void {
    const run = dispatching
      .catch((error: unknown) => {
        // When the claim expires, the handlers are called again.
        this.store.errors.report(FAILURE, error);
      })
      .finally(() => {
        this.#running.delete(run);
        // Later events of the same message had to wait.
        this.#task?.wake();
      });
    this.#running.add(run);
  }

  /** Handles one batch after the other, so handlers see the changes of a message in order. */
  async #dispatch(claim: EventClaim, changes: ReadonlyMap<string, RecipientStateEvent>): Promise<void> {
    const batches = await this.#batchesOf(claim.events, changes);
    for (const [index, { events, call }] of batches.entries()) {
      const later = batches.slice(index + 1).flatMap((batch) => batch.events);
      if (this.#isStopping && index > 0) return this.#queue.release(claim, [...events, ...later]);
      if (!(await this.#whileRenewing(claim, this.#callAll(call)))) {
        return this.#queue.postpone(claim, events, later);
      }
      await this.#queue.finish(claim, events);
    }
  }

  async #batchesOf(
    events: readonly ClaimedEvent[],
    changes: ReadonlyMap<string, RecipientStateEvent>,
  ): Promise<Batch[]> {
    const [first] = events;
    if (first !== undefined && !isOfRecipients(first)) {
      const campaign = await this.#finishedCampaign(first.campaignId ?? '');
      return [{ events, call: campaign === undefined ? undefined : { type: 'campaign', event: campaign } }];
    }
    return batchesOfChanges(events, changes);
  }

  /** @returns `undefined` if the campaign runs again. */
  async #finishedCampaign(id: string): Promise<FinishedCampaign | undefined> {
    const campaign = await this.#campaigns.find(id);
    if (campaign?.state !== 'done') return undefined;
    const progress = await this.#campaigns.readProgress(id);
    return progress.state === 'done' ? { ...progress, name: campaign.name, appId: this.store.account } : undefined;
  }

  /** @returns whether all handlers succeeded. */
  async #callAll(call: Call | undefined): Promise<boolean> {
    if (call === undefined) return true;
    const calls = this.handlers.all.flatMap((handler) => {
      const event = call.type === 'campaign' ? campaignFor(handler, call.event) : changesFor(handler, call.event);
      return event === undefined ? [] : [this.#call(handler, event)];
    });
    return (await Promise.all(calls)).every(Boolean);
  }

  /** Renews the claim while handlers run. */
  async #whileRenewing(claim: EventClaim, calls: Promise<boolean>): Promise<boolean> {
    while (!(await isThereIn(this.lease / 3, calls))) {
      await this.#queue.renew(claim).catch((error: unknown) => {
        this.store.errors.report(FAILURE, error);
      });
    }
    return calls;
  }

  /** @returns whether the handler succeeded. Never rejects. */
  async #call(handler: EventHandler, event: Parameters<EventHandler['run']>[0]): Promise<boolean> {
    const failure = `${handler.name} failed`;
    try {
      await handler.run(event);
      this.store.errors.resolve(failure);
      return true;
    } catch (error) {
      this.store.errors.report(failure, withoutWords(error));
      return false;
    }
  }

  /** Leaves no connection open, because nobody closes it if the app does not start. */
  async #subscribeFirst(): Promise<void> {
    const own = Database.open(this.store.settings, () => undefined);
    try {
      await this.#subscribe(own);
    } finally {
      await own.close();
    }
  }

  /** Tells all processes which events to record. */
  async #subscribe(database: Database): Promise<void> {
    await database.run(subscribe, {
      account: this.store.account,
      topics: this.#topics,
      isNotified: this.store.settings.notify,
    });
  }

  async #renewSubscriptions(): Promise<void> {
    try {
      await this.#subscribe(this.store.database);
    } catch (error) {
      this.store.errors.report(FAILURE, error);
    }
  }
}

/** Groups the changes of one message into batches in which each recipient occurs once. */
function batchesOfChanges(events: readonly ClaimedEvent[], changes: ReadonlyMap<string, RecipientStateEvent>): Batch[] {
  const batches: { events: ClaimedEvent[]; changes: RecipientStateEvent[]; positions: Set<number> }[] = [];
  for (const event of events) {
    const change = changes.get(event.id);
    const positions = change?.recipients.map(({ position }) => position) ?? [];
    let batch = batches.at(-1);
    if (batch === undefined || positions.some((position) => batch?.positions.has(position))) {
      batch = { events: [], changes: [], positions: new Set() };
      batches.push(batch);
    }
    batch.events.push(event);
    for (const position of positions) batch.positions.add(position);
    if (change !== undefined) batch.changes.push(change);
  }
  return batches.map((batch) => {
    const [first] = batch.changes;
    if (first === undefined) return { events: batch.events, call: undefined };
    const recipients = batch.changes.flatMap((change) => change.recipients);
    const event = { ...first, recipients: recipients.sort((a, b) => a.position - b.position) };
    return { events: batch.events, call: { type: 'state', event } };
  });
}

function isOfRecipients({ topic }: ClaimedEvent): boolean {
  return topic !== CAMPAIGN_DONE;
}

function changesFor(handler: EventHandler, event: RecipientStateEvent): RecipientStateEvent | undefined {
  const recipients = event.recipients.filter(({ state }) => handler.topics.has(state));
  return recipients.length === 0 ? undefined : { ...event, recipients };
}

function campaignFor(handler: EventHandler, campaign: FinishedCampaign): FinishedCampaign | undefined {
  return handler.topics.has(CAMPAIGN_DONE) ? campaign : undefined;
}

async function isThereIn(milliseconds: number, result: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const isThere = await Promise.race([result.then(() => true), late]);
  clearTimeout(timer);
  return isThere;
}

/** Drops the message of an app error: it may repeat a phone number or a text. */
function withoutWords(error: unknown): unknown {
  return error instanceof Error ? new Error(error.name) : error;
}
