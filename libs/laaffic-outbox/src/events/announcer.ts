import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CampaignView } from '../campaigns/campaign-view.js';
import { Announcements, type Announcement } from '../ledger/announcements.js';
import type { OutboxLedger } from '../ledger/outbox-ledger.js';
import { Rounds } from '../worker/rounds.js';
import { AnnouncedParts, type AnnouncedPart } from './announced-parts.js';
import type { EventHandler, EventHandlers } from './event-handlers.js';
import type { FinishedCampaign } from './outbox-events.js';

const MOST_AT_ONCE = 16;
const LEASE = 60_000;
const OUTAGE = 'Handlers cannot be told of the outbox';

/** Calls the handlers in this process, if it is a worker, from the app's start to its shutdown. */
@Injectable()
export class Announcer implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  readonly #announcements: Announcements;
  readonly #parts: AnnouncedParts;
  readonly #campaigns: CampaignView;
  readonly #running = new Set<Promise<void>>();
  #rounds: Rounds | undefined;
  #isStopping = false;

  constructor(
    private readonly ledger: OutboxLedger,
    private readonly handlers: Pick<EventHandlers, 'for' | 'takes'>,
    /** After how many milliseconds others call the handlers if this process is gone. */
    private readonly lease = LEASE,
  ) {
    this.#announcements = new Announcements(ledger, lease);
    this.#parts = new AnnouncedParts(ledger);
    this.#campaigns = new CampaignView(ledger);
    ledger.notifications.on('announce', () => this.#rounds?.wake());
  }

  onApplicationBootstrap(): void {
    const { worker } = this.ledger.settings;
    if (worker === undefined || !(this.#takesChunks || this.handlers.takes('campaignDone'))) return;
    this.#rounds = new Rounds(this.ledger.outages, OUTAGE, worker.poll, () => this.#round());
    this.#rounds.start();
  }

  /** Begins nothing any more: what is left is for others, or for the next start. */
  onModuleDestroy(): void {
    this.#isStopping = true;
  }

  /** Resolves when the handlers under way have ended and that is written down. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#rounds?.stop();
    await Promise.all(this.#running);
  }

  get #takesChunks(): boolean {
    return this.handlers.takes('settled') || this.handlers.takes('held');
  }

  /** @returns whether there may be more to tell. */
  async #round(): Promise<boolean> {
    if (this.#running.size === MOST_AT_ONCE) await Promise.race(this.#running);
    if (this.#isStopping) return false;
    const free = MOST_AT_ONCE - this.#running.size;
    // Campaigns first: they are few, and would never have their turn behind a full lane.
    const campaigns = this.handlers.takes('campaignDone') ? await this.#announcements.claimCampaigns(free) : [];
    for (const campaign of campaigns) this.#begin(this.#tellCampaign(campaign));
    const left = free - campaigns.length;
    const chunks = this.#takesChunks && left > 0 ? await this.#claimChunks(left) : [];
    const parts = await this.#parts.read(chunks.map(({ id }) => id));
    for (const chunk of chunks) this.#begin(this.#tellChunk(chunk, parts.get(chunk.id) ?? {}));
    return campaigns.length + chunks.length === free;
  }

  #claimChunks(limit: number): Promise<Announcement[]> {
    const { handlers } = this;
    return this.#announcements.claimChunks({ settled: handlers.takes('settled'), held: handlers.takes('held') }, limit);
  }

  #begin(telling: Promise<void>): void {
    const run = telling
      .catch((error: unknown) => {
        // Once the claim has run out, it is told again.
        this.ledger.outages.report(OUTAGE, error);
      })
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #tellChunk(chunk: Announcement, { settled, held }: AnnouncedPart): Promise<void> {
    const calls = [
      ...(settled === undefined ? [] : this.handlers.for('settled').map((handler) => this.#call(handler, settled))),
      ...(held === undefined ? [] : this.handlers.for('held').map((handler) => this.#call(handler, held))),
    ];
    await this.#end(chunk, calls);
  }

  async #tellCampaign(announcement: Announcement): Promise<void> {
    const campaign = await this.#read(announcement.id);
    const handlers = campaign === undefined ? [] : this.handlers.for('campaignDone');
    const calls = handlers.map((handler) => this.#call(handler, campaign as FinishedCampaign));
    await this.#end(announcement, calls);
  }

  /** @returns `undefined` if it runs again meanwhile. */
  async #read(id: string): Promise<FinishedCampaign | undefined> {
    const [campaign, progress] = [await this.#campaigns.find(id), await this.#campaigns.progress(id)];
    return campaign === undefined || progress.state !== 'done' ? undefined : { ...progress, name: campaign.name };
  }

  async #end(announcement: Announcement, calls: readonly Promise<boolean>[]): Promise<void> {
    const ended = Promise.all(calls);
    let claim = announcement;
    while (!(await isThereIn(this.lease / 3, ended))) claim = await this.#renewed(claim);
    if ((await ended).every(Boolean)) await this.#announcements.finish(claim);
    else await this.#announcements.postpone(claim);
  }

  async #renewed(claim: Announcement): Promise<Announcement> {
    try {
      return await this.#announcements.renew(claim);
    } catch (error) {
      this.ledger.outages.report(OUTAGE, error);
      return claim;
    }
  }

  /** @returns whether it succeeded; never rejects. */
  async #call(handler: EventHandler, event: Parameters<EventHandler['run']>[0]): Promise<boolean> {
    const outage = `${handler.name} failed`;
    try {
      await handler.run(event);
      this.ledger.outages.over(outage);
      return true;
    } catch (error) {
      this.ledger.outages.report(outage, withoutWords(error));
      return false;
    }
  }
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

/** The words of the app's errors may repeat a number or a text. */
function withoutWords(error: unknown): unknown {
  return error instanceof Error ? new Error(error.name) : error;
}
