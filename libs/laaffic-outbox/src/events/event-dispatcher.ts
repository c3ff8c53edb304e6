import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { CampaignReader } from '../campaigns/campaign-reader.js';
import { Database } from '../database/database.js';
import { PeriodicTask } from '../runtime/periodic-task.js';
import { awaitRecorders, registerHandlers } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { ChangedRecipients } from './changed-recipients.js';
import type { EventHandler, EventHandlers } from './event-handlers.js';
import { CAMPAIGN_DONE, EventQueue, HANDLER_LOST, type ClaimedEvent, type EventClaim } from './event-queue.js';
import { callHandler, whileRenewing } from './handler-call.js';
import type { FinishedCampaign, RecipientStateEvent } from './outbox-events.js';

/** Number of messages and campaigns that one handler is called for at the same time. */
const MOST_AT_ONCE = 16;
const LEASE = 60_000;
/** Interval between polls in a process that does not send, in milliseconds. */
const POLL = 1_000;
const RENEW_EVERY = 60 * 60_000;
/** How long the boot of a new handler waits for transactions that do not know it, in milliseconds. */
const LONGEST_WAIT = 10_000;
const FAILURE = 'Event handlers of the outbox cannot be called';

/** The events of one call of a handler: changes of one message, or the end of a campaign. */
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
  readonly #logger = new Logger('LaafficOutbox');
  readonly #queue: EventQueue;
  readonly #recipients: ChangedRecipients;
  readonly #campaigns: CampaignReader;
  /** By handler, so a slow one leaves the others their turns. */
  readonly #running = new Map<string, Set<Promise<void>>>();
  /** Handlers whose failed events were logged, until they succeed. */
  readonly #loggedFailures = new Set<string>();
  #handlers: ReadonlyMap<string, EventHandler> = new Map();
  #task: PeriodicTask | undefined;
  #renewals: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly handlers: Pick<EventHandlers, 'all'>,
    /** How long a claim holds, in milliseconds. After that another process calls the handler. */
    private readonly lease = LEASE,
  ) {
    this.#queue = new EventQueue(store, lease);
    this.#recipients = new ChangedRecipients(store);
    this.#campaigns = new CampaignReader(store, store.database);
    store.listener.on('event', () => this.#task?.wake());
  }

  /**
   * Registers the handlers before this process, or any process that it wakes, changes anything. Otherwise they would
   * miss the first changes.
   */
  async onModuleInit(): Promise<void> {
    this.#handlers = new Map(this.handlers.all.map((handler) => [handler.name, handler]));
    if (this.#handlers.size > 0) await this.#registerFirst();
  }

  onApplicationBootstrap(): void {
    if (this.#handlers.size === 0 || this.store.isManual) return;
    const { errors, settings } = this.store;
    const intervalMs = settings.worker?.pollIntervalMs ?? POLL;
    this.#task = new PeriodicTask({
      errors,
      failure: FAILURE,
      intervalMs,
      run: async () => (await this.#round()).hasMore,
    });
    this.#task.start();
    this.#renewals = setInterval(() => void this.#renewRegistration(), RENEW_EVERY).unref();
  }

  /**
   * Calls the handlers for everything that is due, and resolves when their results are stored. For a manual process.
   * @returns whether there was anything.
   */
  async runDue(): Promise<boolean> {
    if (this.#handlers.size === 0) return false;
    let calls = 0;
    try {
      for (;;) {
        const { hasMore, claimed } = await this.#round();
        await Promise.all([...this.#running.values()].flatMap((running) => [...running]));
        calls += claimed;
        if (!hasMore && claimed === 0) return calls > 0;
      }
    } catch (error) {
      this.store.errors.report(FAILURE, error);
      return calls > 0;
    }
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
    await Promise.all([...this.#running.values()].flatMap((running) => [...running]));
  }

  /** @returns whether there may be more to do at once, and how many messages and campaigns handlers are called for. */
  async #round(): Promise<{ hasMore: boolean; claimed: number }> {
    if (this.#isStopping) return { hasMore: false, claimed: 0 };
    const hasMore = await this.#queue.route();
    const capacities = [...this.#handlers.values()]
      .map(({ name, topics }) => ({ name, topics, limit: MOST_AT_ONCE - this.#runningOf(name).size }))
      .filter(({ limit }) => limit > 0);
    const claims = await this.#queue.claim(capacities);
    const changes = await this.#read(claims);
    for (const claim of claims) this.#begin(claim, changes);
    // The end of a call wakes the next round, so a handler without a free place needs none.
    return { hasMore, claimed: claims.length };
  }

  async #read(claims: readonly EventClaim[]): Promise<Map<string, RecipientStateEvent>> {
    const ids = claims.flatMap(({ events }) => events.filter(isOfRecipients).map(({ id }) => id));
    try {
      return await this.#recipients.read(ids);
    } catch (error) {
      // No handler was called, so this must not count as a process that died.
      const released = claims.map((claim) => this.#queue.release(claim, claim.events));
      await Promise.allSettled(released);
      throw error;
    }
  }

  #runningOf(handler: string): Set<Promise<void>> {
    let running = this.#running.get(handler);
    if (running === undefined) this.#running.set(handler, (running = new Set()));
    return running;
  }

  #begin(claim: EventClaim, changes: ReadonlyMap<string, RecipientStateEvent>): void {
    const running = this.#runningOf(claim.handler);
    const run = this.#dispatch(claim, changes)
      .catch((error: unknown) => {
        // When the claim expires, the handler is called again.
        this.store.errors.report(FAILURE, error);
      })
      .finally(() => {
        running.delete(run);
        // Later events of the same message had to wait.
        this.#task?.wake();
      });
    running.add(run);
  }

  /** Handles one batch after the other, so a handler sees the changes of a message in order. */
  async #dispatch(claim: EventClaim, changes: ReadonlyMap<string, RecipientStateEvent>): Promise<void> {
    const handler = this.#handlers.get(claim.handler);
    if (handler === undefined) return;
    const batches = await this.#batchesOf(claim.events, changes);
    for (const [index, { events, call }] of batches.entries()) {
      const later = batches.slice(index + 1).flatMap((batch) => batch.events);
      if (this.#isStopping && index > 0) return this.#queue.release(claim, [...events, ...later]);
      if (events.some(({ failures, lost }) => lost > 0 && failures + lost >= this.#maxTries)) {
        await this.#giveUp(claim, events, HANDLER_LOST);
        continue;
      }
      const error = await this.#call(claim, handler, call);
      if (error === undefined) {
        await this.#queue.finish(claim, events);
        this.#loggedFailures.delete(handler.name);
      } else if (events.some((event) => this.#isLastTry(event))) {
        await this.#giveUp(claim, events, error);
      } else return this.#queue.postpone(claim, events, later, error);
    }
  }

  get #maxTries(): number {
    return this.store.settings.events.maxTries;
  }

  #isLastTry({ failures, lost }: ClaimedEvent): boolean {
    return failures + lost + 1 >= this.#maxTries;
  }

  async #giveUp(claim: EventClaim, events: readonly ClaimedEvent[], error: string): Promise<void> {
    await this.#queue.giveUp(claim, events, error);
    if (this.#loggedFailures.has(claim.handler)) return;
    this.#loggedFailures.add(claim.handler);
    this.#logger.error(
      `${claim.handler} failed ${this.#maxTries} times for the same event and is no longer called for it: ${error}. ` +
        'outbox.listFailedEvents() lists such events; more are not logged until the handler succeeds',
    );
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
    return batchesOfChanges(events, changes, (event) => this.#isLastTry(event));
  }

  /** @returns `undefined` if the campaign runs again. */
  async #finishedCampaign(id: string): Promise<FinishedCampaign | undefined> {
    const campaign = await this.#campaigns.find(id);
    if (campaign?.state !== 'done') return undefined;
    const progress = await this.#campaigns.readProgress(id);
    return progress.state === 'done' ? { ...progress, name: campaign.name, appId: this.store.account } : undefined;
  }

  /** @returns the name of the error if the handler failed. Never rejects. */
  async #call(claim: EventClaim, handler: EventHandler, call: Call | undefined): Promise<string | undefined> {
    if (call === undefined) return undefined;
    const { errors } = this.store;
    return whileRenewing(
      callHandler(handler.name, errors, () => handler.run(call.event)),
      this.lease,
      () =>
        this.#queue.renew(claim).catch((error: unknown) => {
          errors.report(FAILURE, error);
        }),
    );
  }

  /** Leaves no connection open, because nothing closes it if the app does not start. */
  async #registerFirst(): Promise<void> {
    const own = Database.open(this.store.settings, () => undefined);
    try {
      const hasNewTopics = await this.#register(own);
      if (hasNewTopics) await own.run(awaitRecorders, { longestMs: LONGEST_WAIT });
    } finally {
      await own.close();
    }
  }

  /**
   * Tells all processes which events to record, and for which handlers.
   * @returns whether some of them were not recorded before.
   */
  async #register(database: Database): Promise<boolean> {
    const pairs = [...this.#handlers.values()].flatMap(({ name, topics }) =>
      [...topics].map((topic) => ({ name, topic })),
    );
    const [row] = await database.run(registerHandlers, {
      account: this.store.account,
      handlers: pairs.map(({ name }) => name),
      topics: pairs.map(({ topic }) => topic),
      isNotified: this.store.settings.notify,
    });
    return row?.has_new_topics === true;
  }

  async #renewRegistration(): Promise<void> {
    try {
      await this.#register(this.store.database);
    } catch (error) {
      this.store.errors.report(FAILURE, error);
    }
  }
}

/**
 * Groups the changes of one message into batches in which each recipient occurs once. Changes that failed together are
 * tried together, but each of them alone for the last time, so the one that makes the handler fail is found.
 */
function batchesOfChanges(
  events: readonly ClaimedEvent[],
  changes: ReadonlyMap<string, RecipientStateEvent>,
  isLastTry: (event: ClaimedEvent) => boolean,
): Batch[] {
  const batches: { events: ClaimedEvent[]; changes: RecipientStateEvent[]; positions: Set<number> }[] = [];
  for (const event of events) {
    const change = changes.get(event.id);
    const positions = change?.recipients.map(({ position }) => position) ?? [];
    let batch = batches.at(-1);
    const previous = batch?.events.at(-1);
    if (
      batch === undefined ||
      previous === undefined ||
      previous.failures !== event.failures ||
      [previous, event].some((one) => one.lost > 0 || isLastTry(one)) ||
      positions.some((position) => batch?.positions.has(position))
    ) {
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
