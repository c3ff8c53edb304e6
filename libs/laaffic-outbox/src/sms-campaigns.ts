import { Injectable } from '@nestjs/common';
import { CampaignControl, notFound } from './campaigns/campaign-control.js';
import { CampaignCreation } from './campaigns/campaign-creation.js';
import { CampaignReader, type CampaignFilter } from './campaigns/campaign-reader.js';
import { CampaignResults, type ResultsFilter } from './campaigns/campaign-results.js';
import type { Campaign, CampaignProgress, CreatedCampaign, NewCampaign } from './campaigns/campaign.js';
import { readCampaign } from './campaigns/read-campaign.js';
import { SharedProgress } from './campaigns/shared-progress.js';
import { HeldRecipients, type HeldDecision, type ResolveOptions } from './messages/held-recipients.js';
import { History, type HistoryEntry } from './messages/history.js';
import { ProcessClock } from './runtime/clock.js';
import type { OutboxStore } from './store/outbox-store.js';
import type { OutboxRecipient } from './store/recipients.js';

/** How to watch a campaign. */
export interface WatchOptions {
  /**
   * How often to read the progress, in milliseconds. Slow readings make it less often.
   * @default 1000
   */
  readonly intervalMs?: number | undefined;
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one text to any number of recipients, in the bulk lane.
 * @example
 * const { id } = await campaigns.create({ name: 'Spring sale', content: 'Everything half price', recipients, sendAt: 'now' });
 * for await (const { accepted, total } of campaigns.watch(id)) console.log(`${accepted} of ${total}`);
 */
@Injectable()
export class SmsCampaigns {
  readonly #creation: CampaignCreation;
  readonly #control: CampaignControl;
  readonly #reader: CampaignReader;
  readonly #progress: SharedProgress;
  readonly #results: CampaignResults;
  readonly #held: HeldRecipients;
  readonly #history: History;

  constructor(
    store: OutboxStore,
    private readonly clock: ProcessClock,
  ) {
    this.#control = new CampaignControl(store);
    this.#creation = new CampaignCreation(store, (id, actor) => this.#control.cancel(id, actor));
    this.#reader = new CampaignReader(store, store.readers);
    this.#progress = new SharedProgress((id) => this.#reader.readProgress(id));
    this.#results = new CampaignResults(store);
    this.#held = new HeldRecipients(store);
    this.#history = new History(store);
  }

  /**
   * Stores a campaign with all its recipients. Sending starts when all of them are stored. A campaign without
   * recipients is done as soon as it starts.
   *
   * If the creation fails and there is an `idempotencyKey`, the stored part stays, and the same call with the same
   * source continues. Without a key the campaign is cancelled. If the campaign is complete already, the call reads the
   * source to verify that it is the same and returns the campaign. The source is not read if the campaign was cancelled
   * or its retention period is over.
   * @throws {LaafficInputException} naming each wrong field; nothing was stored.
   * @throws {OutboxError}
   * - `OUTBOX_KEY_REUSED`: the key was used with another name, content, sender, `sendAt`, `priority`, `duplicates` or
   * `onUnconfirmed`.
   * - `OUTBOX_CAMPAIGN_BUSY`: another call, in any process, is creating the campaign now.
   * - `OUTBOX_SOURCE_FAILED`: the source threw; the error is the `cause`.
   * - `OUTBOX_SOURCE_CHANGED`: the source differs from what is stored.
   * - `OUTBOX_WRONG_STATE`: the campaign was cancelled during the creation.
   * - `OUTBOX_DATABASE_UNAVAILABLE`: the database failed; the error is the `cause`.
   * @example
   * const { id, isNew } = await campaigns.create({
   *   name: 'Spring sale',
   *   content: 'Everything half price',
   *   recipients: readNumbers('customers.csv'),
   *   idempotencyKey: 'spring-sale',
   * });
   * await campaigns.start(id);
   */
  async create(campaign: NewCampaign): Promise<CreatedCampaign> {
    return this.#creation.create(readCampaign(campaign, this.clock.wall()));
  }

  /**
   * Starts a draft, or a scheduled campaign before its time.
   * @param actor who did it, for the history.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  start(id: string, actor = 'app'): Promise<void> {
    return this.#control.start(id, actor);
  }

  /**
   * Pauses a scheduled or running campaign. Requests in flight finish.
   * @param actor who did it, for the history.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  pause(id: string, actor = 'app'): Promise<void> {
    return this.#control.pause(id, actor);
  }

  /**
   * Resumes a paused campaign. If its time has not come, it is scheduled again.
   * @param actor who did it, for the history.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  resume(id: string, actor = 'app'): Promise<void> {
    return this.#control.resume(id, actor);
  }

  /**
   * Cancels the recipients that have not been sent to yet. Requests in flight finish. Possible in any state but `done`.
   * @param actor who did it, for the history.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  cancel(id: string, actor = 'app'): Promise<void> {
    return this.#control.cancel(id, actor);
  }

  /** Returns the campaign, or `undefined` if there is none with this id. */
  find(id: string): Promise<Campaign | undefined> {
    return this.#reader.find(id);
  }

  /**
   * Lists the campaigns of this account, newest first.
   * @throws {LaafficInputException} naming each wrong field.
   */
  list(filter: CampaignFilter = {}): Promise<Campaign[]> {
    return this.#reader.list(filter);
  }

  /**
   * Returns the progress of the campaign. Concurrent calls share one reading.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  getProgress(id: string): Promise<CampaignProgress> {
    return this.#progress.now(id);
  }

  /**
   * Yields the progress of the campaign at once and after each change. Ends when the campaign is done, or cancelled
   * with no requests in flight. All watchers of a campaign in this process share one reading.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   * @example
   * for await (const { state, pending, total } of campaigns.watch(id, { signal })) console.log(state, total - pending);
   */
  watch(
    id: string,
    { intervalMs = 1_000, signal }: WatchOptions = {},
  ): AsyncGenerator<CampaignProgress, void, undefined> {
    return this.#progress.watch(id, intervalMs, signal);
  }

  /**
   * Yields the result of each recipient in the order of the source, read from the database as you consume it. While the
   * campaign runs, each recipient is returned once, in its state at that moment.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  listResults(id: string, filter: ResultsFilter = {}): AsyncGenerator<OutboxRecipient, void, undefined> {
    return this.#results.read(id, filter);
  }

  /**
   * Yields the history of the campaign and its chunks, oldest entry first.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  async *getHistory(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    if ((await this.#reader.find(id)) === undefined) throw notFound(id);
    yield* this.#history.ofCampaign(id);
  }

  /**
   * Yields the recipients on hold that need a manual decision, in the order of the source. `SmsOutbox.listHeld` yields
   * those of all messages and campaigns.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  listHeld(id: string): AsyncGenerator<OutboxRecipient, void, undefined> {
    return this.#results.read(id, { state: 'held' });
  }

  /**
   * Decides about recipients on hold. If recipients of a finished campaign are resent, it runs again.
   * @returns about how many recipients it affected.
   * @throws {LaafficInputException} naming each wrong field.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`. `OUTBOX_WRONG_STATE` for `resend` in a cancelled campaign.
   * @example
   * await campaigns.resolveHeld(id, 'resend', { actor: 'alice' });
   */
  async resolveHeld(id: string, decision: HeldDecision, options: ResolveOptions): Promise<number> {
    const cancelled = decision === 'resend' ? [] : (['cancelled'] as const);
    await this.#control.require(id, ['scheduled', 'running', 'paused', 'done', ...cancelled], 'resolved');
    return this.#held.resolve({ campaignId: id }, decision, options);
  }

  /**
   * Sends again to all recipients that the gateway rejected, but not to invalid ones. A finished campaign runs again.
   * @param options `actor`: who did it, for the history.
   * @returns the number of recipients.
   * @throws {LaafficInputException} if `actor` is not text.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  async retryRejected(id: string, options: { readonly actor: string }): Promise<number> {
    await this.#control.require(id, ['scheduled', 'running', 'paused', 'done'], 'resent');
    return this.#held.retryRejected(id, options);
  }
}
