import { Inject, Injectable } from '@nestjs/common';
import { CampaignControl, notFound } from './campaigns/campaign-control.js';
import { CampaignCreator } from './campaigns/campaign-creator.js';
import { CampaignResults, type ResultsFilter } from './campaigns/campaign-results.js';
import { CampaignView, type CampaignFilter } from './campaigns/campaign-view.js';
import type { Campaign, CampaignProgress, CreatedCampaign, NewCampaign } from './campaigns/campaign.js';
import { readCampaign } from './campaigns/read-campaign.js';
import { SharedProgress } from './campaigns/shared-progress.js';
import { ProcessClock } from './clock.js';
import type { OutboxRecipient } from './ledger/chunk-recipients.js';
import { callersLedger, readersLedger } from './ledger/callers-ledger.js';
import { HeldRecipients, type HeldDecision, type ResolveOptions } from './ledger/held-recipients.js';
import { Journal, type JournalEntry } from './ledger/journal.js';
import { OutboxLedger, type Ledger } from './ledger/outbox-ledger.js';

/** How a campaign is watched. */
export interface WatchOptions {
  /**
   * How often it is looked at, in milliseconds; less often where a look takes long.
   * @default 1000
   */
  readonly every?: number | undefined;
  /** Ends the watch. */
  readonly signal?: AbortSignal | undefined;
}

/** One text to any number of recipients, sent behind everything that somebody waits for. */
@Injectable()
export class SmsCampaigns {
  readonly #creator: CampaignCreator;
  readonly #control: CampaignControl;
  readonly #view: CampaignView;
  readonly #progress: SharedProgress;
  readonly #results: CampaignResults;
  readonly #held: HeldRecipients;
  readonly #journal: Journal;

  constructor(
    @Inject(OutboxLedger) whole: Ledger,
    private readonly clock: ProcessClock,
  ) {
    const [ledger, readers] = [callersLedger(whole), readersLedger(whole)];
    this.#control = new CampaignControl(ledger);
    this.#creator = new CampaignCreator(ledger, (id, actor) => this.#control.cancel(id, actor));
    this.#view = new CampaignView(readers);
    this.#progress = new SharedProgress((id) => this.#view.progress(id));
    this.#results = new CampaignResults(readers);
    this.#held = new HeldRecipients(ledger);
    this.#journal = new Journal(readers);
  }

  /**
   * Stores a campaign with all its recipients; nothing is sent before they are stored. One without any is done
   * as soon as it begins.
   *
   * What breaks off is kept if there is an `idempotencyKey`, and gone on with by the same call from the same
   * source; without one it is cancelled. A campaign that was completed is given if its source is still the same;
   * one that was cancelled meanwhile, or whose retention is over, without its source being read.
   * @throws {LaafficInputException} naming every field that is wrong; nothing was stored.
   * @throws {OutboxError}
   * - `OUTBOX_KEY_REUSED`: the key was given to another name, content, sender, `sendAt`, `priority` or `duplicates`.
   * - `OUTBOX_CAMPAIGN_BUSY`: another call, in whatever process, is creating it at this moment.
   * - `OUTBOX_SOURCE_FAILED`: the source threw `cause`. `OUTBOX_SOURCE_CHANGED`: it differs from what is stored.
   * - `OUTBOX_WRONG_STATE`: it was cancelled meanwhile. `OUTBOX_DATABASE`: the database failed with `cause`.
   */
  async create(campaign: NewCampaign): Promise<CreatedCampaign> {
    return this.#creator.create(readCampaign(campaign, this.clock.wall()));
  }

  /**
   * Begins a draft, or a scheduled campaign before its time.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  start(id: string, by = 'app'): Promise<void> {
    return this.#control.start(id, by);
  }

  /**
   * Begins nothing more of a campaign that is scheduled or running; requests under way end.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  pause(id: string, by = 'app'): Promise<void> {
    return this.#control.pause(id, by);
  }

  /**
   * Goes on with a paused campaign; one whose time has not come is scheduled again.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  resume(id: string, by = 'app'): Promise<void> {
    return this.#control.resume(id, by);
  }

  /**
   * Never sends what has not been begun; requests under way end. For campaigns in any state but `done`.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  cancel(id: string, by = 'app'): Promise<void> {
    return this.#control.cancel(id, by);
  }

  /** The campaign, or `undefined` if there is none with this id. */
  find(id: string): Promise<Campaign | undefined> {
    return this.#view.find(id);
  }

  /** Campaigns of this account, newest first. */
  list(filter: CampaignFilter = {}): Promise<Campaign[]> {
    return this.#view.list(filter);
  }

  /**
   * How far the campaign is. Calls at the same time share one reading, which goes through all recipients.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  progress(id: string): Promise<CampaignProgress> {
    return this.#progress.now(id);
  }

  /**
   * How far the campaign is: at once, and whenever that has changed. Ends after the reading that says it is
   * done, or cancelled with nothing under way any more. One reading serves all who watch the campaign in this process.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  watch(id: string, { every = 1_000, signal }: WatchOptions = {}): AsyncGenerator<CampaignProgress, void, undefined> {
    return this.#progress.watch(id, every, signal);
  }

  /**
   * What became of each recipient, in the order of the source, read as it is consumed. While the campaign runs,
   * each is given once, in the state that it has when it is read.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  results(id: string, filter: ResultsFilter = {}): AsyncGenerator<OutboxRecipient, void, undefined> {
    return this.#results.read(id, filter);
  }

  /**
   * What happened to the campaign and its chunks, when and by whom, oldest first.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  async *journal(id: string): AsyncGenerator<JournalEntry, void, undefined> {
    if ((await this.#view.find(id)) === undefined) throw notFound(id);
    yield* this.#journal.ofCampaign(id);
  }

  /**
   * The recipients that wait for a person's decision, in the order of the source.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  held(id: string): AsyncGenerator<OutboxRecipient, void, undefined> {
    return this.#results.read(id, { state: 'held' });
  }

  /**
   * Decides about held recipients; a campaign that was done runs again for those that are resent.
   * @returns about how many it was.
   * @throws {LaafficInputException} naming every field that is wrong.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, and `OUTBOX_WRONG_STATE` for a resend in a cancelled campaign.
   */
  async resolve(id: string, decision: HeldDecision, options: ResolveOptions): Promise<number> {
    const cancelled = decision === 'resend' ? [] : (['cancelled'] as const);
    await this.#control.require(id, ['scheduled', 'running', 'paused', 'done', ...cancelled], 'resolved');
    return this.#held.resolve({ campaignId: id }, decision, options);
  }

  /**
   * Sends anew to all whom the gateway refused, never to those that are invalid; a campaign that was done runs
   * again.
   * @param options `by`: who wants it, for the journal.
   * @returns to how many.
   * @throws {LaafficInputException} if `by` is no text.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`, `OUTBOX_WRONG_STATE`.
   */
  async retryRefused(id: string, options: { readonly by: string }): Promise<number> {
    await this.#control.require(id, ['scheduled', 'running', 'paused', 'done'], 'sent anew');
    return this.#held.retryRefused({ campaignId: id }, options);
  }
}
