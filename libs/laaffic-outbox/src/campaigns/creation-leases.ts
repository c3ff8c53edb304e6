import { releaseCreation, renewCreations, takeOverCreation } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** Milliseconds after which a campaign without a sign of its creator may be continued by another call. */
const LEASE = 15_000;
const RENEW_EVERY = 3_000;
const FAILURE = 'Campaigns in creation cannot be kept';

/**
 * Keeps the leases of one process on the campaigns that it creates. A source may yield nothing for long. Only the
 * creator in the campaign's row can append to it, so a creator that lost its lease writes nothing more.
 */
export class CreationLeases {
  /** The campaigns by creator. */
  readonly #held = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #isRenewing = false;
  #creators = 0;

  constructor(private readonly store: Pick<OutboxStore, 'actor' | 'creators' | 'database' | 'errors'>) {}

  /** The name of a new creator, different in all processes. */
  newCreator(): string {
    return `${this.store.actor}.${++this.#creators}`;
  }

  /** Renews the lease, which the creator has, until it is released. */
  keep(id: string, creator: string): void {
    this.#held.set(creator, id);
    this.#timer ??= setInterval(() => void this.#renew(), RENEW_EVERY).unref();
  }

  /**
   * Continues the creation of a campaign.
   * @returns the number of its stored entries, or `undefined` if another creator has the lease, or it is complete.
   * @throws {OutboxError} `OUTBOX_DATABASE_UNAVAILABLE`, or another database code.
   */
  async takeOver(id: string, creator: string): Promise<number | undefined> {
    const [row] = await this.store.creators.run(takeOverCreation, { id, creator, leaseMs: LEASE });
    return row === undefined ? undefined : Number(row.stored_entries);
  }

  /** Frees the campaign for another call, unless it is complete. Never rejects. */
  async release(creator: string): Promise<void> {
    const id = this.#held.get(creator);
    this.forget(creator);
    // Otherwise the lease ends by itself.
    if (id !== undefined) await this.store.creators.run(releaseCreation, { id, creator }).catch(() => undefined);
  }

  /** Stops renewing. */
  forget(creator: string): void {
    this.#held.delete(creator);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const { database, errors } = this.store;
    try {
      await database.run(renewCreations, { ids: [...this.#held.values()], creators: [...this.#held.keys()] });
      errors.resolve(FAILURE);
    } catch (error) {
      errors.report(FAILURE, error);
    }
    this.#isRenewing = false;
  }
}
