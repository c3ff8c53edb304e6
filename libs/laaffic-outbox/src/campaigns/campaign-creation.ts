import { createHash } from 'node:crypto';
import { invalidCommand, segments } from 'nestjs-laaffic';
import { OutboxError } from '../errors/outbox.error.js';
import {
  addCampaign,
  appendToCampaign,
  completeCampaign,
  findCampaignByKey,
  findCampaignState,
  readStoredChunks,
} from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { LARGEST_REQUEST, requestLimits } from '../store/request-limits.js';
import type { CreatedCampaign } from './campaign.js';
import { CreationLeases } from './creation-leases.js';
import type { CheckedCampaign } from './read-campaign.js';
import { RecipientChunks, type SourceChunk } from './recipient-chunks.js';

/** A campaign that has a row. */
interface StoredCampaign {
  readonly id: string;
  readonly isCreating: boolean;
  /** The digest of its source. `null` until the source is stored, and after the retention period. */
  readonly digest: string | null;
  /** Number of stored source entries. */
  readonly stored: number;
  readonly chunkSize: number;
}

/** A campaign that this process creates. */
interface CampaignInCreation {
  readonly id: string;
  /** Number of source entries in a chunk. It stays the same when the creation is continued, whatever the rate is then. */
  readonly chunkSize: number;
  readonly stored: number;
  /** The holder of its lease. */
  readonly creator: string;
}

/** One commit stores up to this many source entries, */
const MAX_ENTRIES = 32_000;
/** and up to this many chunks, because a slow rate makes chunks of a single recipient. */
const MAX_CHUNKS = 2_000;

/** Stores campaigns from sources of any length in constant memory. */
export class CampaignCreation {
  readonly #leases: CreationLeases;

  constructor(
    private readonly store: OutboxStore,
    /** Cancels a campaign that no call can continue. */
    private readonly giveUp: (id: string, actor: string) => Promise<void>,
  ) {
    this.#leases = new CreationLeases(store);
  }

  /** @throws {OutboxError} as described at `SmsCampaigns.create`. */
  async create(campaign: CheckedCampaign): Promise<CreatedCampaign> {
    const before = await this.#find(campaign);
    if (before !== undefined && !before.isCreating) return existing(before, campaign);
    if (before === undefined && campaign.overdue.length > 0) throw invalidCommand(campaign.overdue);
    const own = before === undefined ? await this.#insert(campaign) : await this.#takeOver(before);
    if (own === undefined) {
      // Another creator came first, and may have finished in the meantime.
      const found = await this.#find(campaign);
      if (found !== undefined && !found.isCreating) return await existing(found, campaign);
      throw new OutboxError('OUTBOX_CAMPAIGN_BUSY', 'Another call is creating the campaign with this idempotency key');
    }
    this.#leases.keep(own.id, own.creator);
    try {
      await this.#fill(own, campaign);
      return { id: own.id, isNew: true };
    } finally {
      await this.#leases.release(own.creator);
    }
  }

  async #find({ idempotencyKey, fingerprint }: CheckedCampaign): Promise<StoredCampaign | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const { callers, account } = this.store;
    const [row] = await callers.run(findCampaignByKey, { account, idempotencyKey });
    if (row === undefined) return undefined;
    if (row.fingerprint !== null && row.fingerprint !== fingerprint) {
      throw new OutboxError('OUTBOX_KEY_REUSED', 'This idempotency key was used for another campaign before');
    }
    const { id, digest } = row;
    // Without a state it was deleted, and only its key is left.
    const stored = Number(row.stored_entries ?? 0);
    return { id, digest, isCreating: row.state === 'creating', stored, chunkSize: row.chunk_size ?? LARGEST_REQUEST };
  }

  /** @returns `undefined` if another call has used the key in the meantime. */
  async #insert(campaign: CheckedCampaign): Promise<CampaignInCreation | undefined> {
    const { name, content, senderId = null, priority, idempotencyKey = null, fingerprint, actor } = campaign;
    const { onUnconfirmed = null } = campaign;
    const creator = this.#leases.newCreator();
    const [row] = await this.store.creators.run(addCampaign, {
      ...{ account: this.store.account, name, content, senderId, priority },
      ...{ idempotencyKey, fingerprint, actor, creator, onUnconfirmed },
      parts: segments(content).parts,
      ...requestLimits(this.store.settings),
    });
    return row === undefined ? undefined : { id: row.id, chunkSize: row.chunk_size, stored: 0, creator };
  }

  /** @returns `undefined` if another call is creating it, or it is complete. */
  async #takeOver({ id, chunkSize }: StoredCampaign): Promise<CampaignInCreation | undefined> {
    const creator = this.#leases.newCreator();
    const stored = await this.#leases.takeOver(id, creator);
    return stored === undefined ? undefined : { id, chunkSize, stored, creator };
  }

  async #fill(own: CampaignInCreation, campaign: CheckedCampaign): Promise<void> {
    const source = new RecipientChunks(campaign.source, own.chunkSize, campaign.duplicates);
    try {
      const digest = await transfer(this.store, own, source);
      await this.#complete(own, digest, campaign);
    } catch (error) {
      await source.close().catch(() => undefined);
      // Without a key, no later call can find the campaign. If this fails too, maintenance cancels it.
      if (campaign.idempotencyKey === undefined) await this.giveUp(own.id, campaign.actor).catch(() => undefined);
      throw error;
    }
  }

  async #complete(own: CampaignInCreation, digest: string, { sendAt, actor }: CheckedCampaign): Promise<void> {
    const startsAt = sendAt instanceof Date ? sendAt.toISOString() : null;
    const completed = await this.store.creators.run(completeCampaign, {
      ...{ id: own.id, isStarted: sendAt !== undefined, startsAt, digest, actor, creator: own.creator },
    });
    if (completed.length === 0) throw await lostCreation(this.store, own.id);
    this.#leases.forget(own.creator);
    if (sendAt !== undefined) this.store.due.notify('bulk');
  }
}

/**
 * Reads one batch while the previous one is being written.
 * @returns the digest of the source.
 */
async function transfer(store: OutboxStore, own: CampaignInCreation, source: RecipientChunks): Promise<string> {
  const { id, stored, chunkSize } = own;
  const batch = Math.max(1, Math.min(MAX_CHUNKS, Math.floor(MAX_ENTRIES / chunkSize)));
  const digest = new SourceDigest();
  let position = 0;
  let writing = Promise.resolve();
  for (;;) {
    const { chunks, failure } = await readBatch(source, batch);
    for (const chunk of chunks) digest.add(chunk);
    await writing;
    const known = chunks.filter(({ first }) => first < stored);
    if (known.length > 0 && !(await areStored(store, id, known))) throw sourceChanged(id);
    const fresh = chunks.slice(known.length);
    writing = append(store, own, fresh);
    // The rejection is handled when the promise is awaited, after the next batch is read.
    writing.catch(() => undefined);
    position += chunks.reduce((sum, { entries }) => sum + entries, 0);
    if (failure !== undefined || chunks.length < batch) {
      await writing;
      if (failure !== undefined) throw failure;
      if (position < stored) throw sourceChanged(id);
      return digest.value();
    }
  }
}

/** Reads one batch. Entries that were read before the source failed are stored as well. */
async function readBatch(source: RecipientChunks, count: number): Promise<{ chunks: SourceChunk[]; failure?: Error }> {
  const chunks: SourceChunk[] = [];
  try {
    while (chunks.length < count) {
      const chunk = await source.next();
      if (chunk === undefined) break;
      chunks.push(chunk);
    }
    return { chunks };
  } catch (error) {
    return { chunks, failure: error as Error };
  }
}

/**
 * Stores consecutive chunks of the source, all or none.
 * @throws {OutboxError} `OUTBOX_WRONG_STATE` if the campaign was cancelled in the meantime, `OUTBOX_CAMPAIGN_BUSY` if
 * another call creates it now.
 */
async function append(store: OutboxStore, own: CampaignInCreation, chunks: readonly SourceChunk[]): Promise<void> {
  const [head] = chunks;
  if (head === undefined) return;
  const invalid = chunks.flatMap((chunk) => chunk.invalid.map((entry) => ({ first: chunk.first, ...entry })));
  const places = await store.creators.run(appendToCampaign, {
    id: own.id,
    creator: own.creator,
    stored: head.first,
    entries: chunks.reduce((sum, { entries }) => sum + entries, 0),
    positions: chunks.map(({ first }) => first),
    sizes: chunks.map(({ size }) => size),
    numbers: chunks.map(({ numbers }) => numbers),
    orderIds: chunks.map(({ orderIds }) => orderIds),
    invalid: chunks.map((chunk) => chunk.invalid.length),
    invalidPositions: invalid.map(({ first }) => first),
    invalidSlots: invalid.map(({ slot }) => slot),
    invalidCodes: invalid.map(({ code }) => code),
    invalidReasons: invalid.map(({ reason }) => reason),
    invalidLines: invalid.map(({ line }) => line ?? null),
    invalidOrderIds: invalid.map(({ orderId }) => orderId ?? null),
    invalidInputs: invalid.map(({ input }) => input ?? null),
  });
  if (places.length === 0) throw await lostCreation(store, own.id);
}

/** Whether exactly these chunks are stored. */
async function areStored(store: OutboxStore, id: string, chunks: readonly SourceChunk[]): Promise<boolean> {
  const range = { first: chunks[0]?.first ?? 0, last: chunks.at(-1)?.first ?? 0 };
  const rows = await store.creators.run(readStoredChunks, { id, ...range });
  if (rows.length !== chunks.length) return false;
  return chunks.every(({ first, numbers, orderIds }, index) => {
    const row = rows[index];
    return Number(row?.first_position) === first && row?.numbers === numbers && row.order_ids === orderIds;
  });
}

/** Returns the completed campaign if this is its source. */
async function existing(
  { id, digest, chunkSize }: StoredCampaign,
  campaign: CheckedCampaign,
): Promise<CreatedCampaign> {
  if (digest === null) return { id, isNew: false };
  // The digest depends on where the source was cut.
  const source = new RecipientChunks(campaign.source, chunkSize, campaign.duplicates);
  const found = new SourceDigest();
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) found.add(chunk);
  if (found.value() !== digest) throw sourceChanged(id);
  return { id, isNew: false };
}

/** Identifies the recipients among calls with the same idempotency key. */
class SourceDigest {
  readonly #hash = createHash('sha256');

  add({ numbers, orderIds, invalid }: SourceChunk): void {
    this.#hash.update(`${numbers}\n${orderIds ?? ''}\n${invalid.length}\n`);
  }

  /** Nothing can be added afterwards. */
  value(): string {
    return this.#hash.digest('base64url');
  }
}

function sourceChanged(id: string): OutboxError {
  return new OutboxError(
    'OUTBOX_SOURCE_CHANGED',
    `The source differs from the stored recipients of campaign ${id} with this idempotency key; nothing was added`,
  );
}

/** Why a call is no longer the creator of its campaign. */
async function lostCreation({ account, creators }: OutboxStore, id: string): Promise<OutboxError> {
  const [row] = await creators.run(findCampaignState, { account, id });
  if (row?.state === 'cancelled') {
    return new OutboxError('OUTBOX_WRONG_STATE', 'The campaign was cancelled while it was being created');
  }
  const message = 'Another call continues the creation of the campaign, because this one gave no sign of life for long';
  return new OutboxError('OUTBOX_CAMPAIGN_BUSY', message, { outcome: 'unknown' });
}
