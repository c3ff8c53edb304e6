import { invalidCommand } from 'nestjs-laaffic';
import type { Ledger } from '../ledger/outbox-ledger.js';
import { OutboxError } from '../outbox.error.js';
import { CampaignStore, type StoredCampaign } from './campaign-store.js';
import type { CreatedCampaign } from './campaign.js';
import { CreationConnection, type CreationSession } from './creation-session.js';
import type { CheckedCampaign } from './read-campaign.js';
import { RecipientChunks, type SourceChunk } from './recipient-chunks.js';
import { SourceDigest } from './source-digest.js';

interface Row {
  readonly id: string;
  readonly state: string;
  readonly fingerprint: string | null;
  readonly digest: string | null;
  readonly stored: string;
}

/** The gateway accepts this many recipients in one POST. */
export const CHUNK_SIZE = 1_000;
/** Number of chunks that one commit stores. */
const BATCH = 32;

/** Stores campaigns from sources of any length in constant memory. */
export class CampaignCreator {
  readonly #connection: CreationConnection;

  constructor(
    private readonly ledger: Ledger,
    /** Cancels a campaign that nobody can continue. */
    private readonly giveUp: (id: string, actor: string) => Promise<void>,
  ) {
    this.#connection = new CreationConnection(ledger);
  }

  /** @throws {OutboxError} as described at `SmsCampaigns.create`. */
  async create(campaign: CheckedCampaign): Promise<CreatedCampaign> {
    const before = await this.#find(campaign);
    if (before !== undefined && !before.isCreating) return existing(before, campaign);
    if (before === undefined && campaign.overdue.length > 0) throw invalidCommand(campaign.overdue);
    const session = await this.#connection.open();
    try {
      await this.#lock(session, campaign);
      // Another creator may have finished in the meantime.
      const found = await this.#find(campaign);
      if (found !== undefined && !found.isCreating) return await existing(found, campaign);
      const store = new CampaignStore(this.ledger, session);
      const stored = found ?? (await store.insert(campaign, CHUNK_SIZE));
      await this.#fill(store, stored, campaign);
      return { id: stored.id, isNew: true };
    } finally {
      await session.close();
    }
  }

  async #lock(session: CreationSession, { idempotencyKey }: CheckedCampaign): Promise<void> {
    if (idempotencyKey === undefined) return;
    const { database, account } = this.ledger;
    if (await session.lock(`laaffic outbox campaign ${database.schema} ${account} ${idempotencyKey}`)) return;
    throw new OutboxError('OUTBOX_CAMPAIGN_BUSY', 'Another call is creating the campaign with this idempotency key');
  }

  async #find({ idempotencyKey, fingerprint }: CheckedCampaign): Promise<StoredCampaign | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const { database, account } = this.ledger;
    const { rows } = await database.query<Row>(
      `select id::text as id, state::text as state, fingerprint, digest, stored::text as stored
        from ${database.schema}.campaign where account = $1 and idempotency_key = $2`,
      [account, idempotencyKey],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    if (row.fingerprint !== null && row.fingerprint !== fingerprint) {
      throw new OutboxError('OUTBOX_KEY_REUSED', 'This idempotency key was used for another campaign before');
    }
    return { ...row, isCreating: row.state === 'creating', stored: Number(row.stored) };
  }

  async #fill(store: CampaignStore, stored: StoredCampaign, campaign: CheckedCampaign): Promise<void> {
    const source = new RecipientChunks(campaign.source, CHUNK_SIZE, campaign.duplicates);
    try {
      const digest = await this.#transfer(store, stored, source);
      await store.complete(stored.id, digest, campaign);
    } catch (error) {
      await source.close().catch(() => undefined);
      // Without a key, no later call can find the campaign. If this fails too, a person can cancel it.
      if (campaign.idempotencyKey === undefined) await this.giveUp(stored.id, campaign.actor).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Reads one batch while the previous one is being written.
   * @returns the digest of the source.
   */
  async #transfer(store: CampaignStore, { id, stored }: StoredCampaign, source: RecipientChunks): Promise<string> {
    const digest = new SourceDigest();
    let position = 0;
    let writing = Promise.resolve();
    for (;;) {
      const { chunks, failure } = await readBatch(source);
      for (const chunk of chunks) digest.add(chunk);
      await writing;
      const known = chunks.filter(({ first }) => first < stored);
      if (known.length > 0 && !(await store.has(id, known))) throw sourceChanged(id);
      const fresh = chunks.slice(known.length);
      writing = store.append(id, fresh);
      // The rejection is handled when the promise is awaited, after the next batch is read.
      writing.catch(() => undefined);
      position += chunks.reduce((sum, { size }) => sum + size, 0);
      if (failure !== undefined || chunks.length < BATCH) {
        await writing;
        if (failure !== undefined) throw failure;
        if (position < stored) throw sourceChanged(id);
        return digest.value();
      }
    }
  }
}

/** Reads one batch. Entries that were read before the source failed are stored as well. */
async function readBatch(source: RecipientChunks): Promise<{ chunks: SourceChunk[]; failure?: Error }> {
  const chunks: SourceChunk[] = [];
  try {
    while (chunks.length < BATCH) {
      const chunk = await source.next();
      if (chunk === undefined) break;
      chunks.push(chunk);
    }
    return { chunks };
  } catch (error) {
    return { chunks, failure: error as Error };
  }
}

/** Returns the completed campaign if this is its source. */
async function existing({ id, digest }: StoredCampaign, campaign: CheckedCampaign): Promise<CreatedCampaign> {
  if (digest === null) return { id, isNew: false };
  const source = new RecipientChunks(campaign.source, CHUNK_SIZE, campaign.duplicates);
  const found = new SourceDigest();
  for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next()) found.add(chunk);
  if (found.value() !== digest) throw sourceChanged(id);
  return { id, isNew: false };
}

function sourceChanged(id: string): OutboxError {
  return new OutboxError(
    'OUTBOX_SOURCE_CHANGED',
    `The source differs from the stored recipients of campaign ${id} with this idempotency key; nothing was added`,
  );
}
