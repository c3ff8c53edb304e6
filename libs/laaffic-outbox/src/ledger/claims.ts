import type { Lane } from '../options/outbox.options.js';
import type { ClaimedChunk } from './chunk.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** The result of a claim. */
export interface Claim {
  readonly chunks: readonly ClaimedChunk[];
  /** Milliseconds until the next claim can succeed, if known. */
  readonly wait: number | undefined;
}

interface Row {
  chunk_id: string | null;
  chunk_attempt: number;
  chunk_campaign: string | null;
  chunk_numbers: string;
  chunk_order_ids: string | null;
  chunk_content: string;
  chunk_sender: string | null;
  chunk_number_retries: number;
  chunk_isolation: number;
  expires_in_ms: number | null;
  is_doubtful: boolean;
  is_lane_try: boolean;
  is_probe: boolean;
  wait_ms: number | null;
  waited_ms: number;
}

/** The share of a second's recipients that may go at once. A sliding second may exceed the rate by this much. */
const BURST = 0.06;

/** The gateway accepts this many recipients in one POST. */
export const LARGEST_REQUEST = 1_000;

/** Claims chunks for one worker. */
export class Claims {
  readonly #sql: string;

  constructor(private readonly ledger: OutboxLedger) {
    this.#sql = `select * from ${ledger.database.schema}.claim($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`;
  }

  /** Marks up to `limit` chunks as `sending` and returns them. Resolves after the commit. */
  async take(lane: Lane, limit: number): Promise<Claim> {
    const { recipientsPerSecond, requestsPerSecond, priorityShare } = this.ledger.settings.rate;
    const rate = [recipientsPerSecond ?? null, requestsPerSecond ?? null, BURST, priorityShare];
    const { rows } = await this.ledger.database.query<Row & Record<string, unknown>>(this.#sql, [
      this.ledger.account,
      this.ledger.by,
      lane,
      limit,
      ...rate,
      LARGEST_REQUEST,
      this.ledger.settings.timing.startWithinMs,
    ]);
    const last = rows.at(-1);
    return { chunks: rows.flatMap((row) => chunkOf(row) ?? []), wait: last?.wait_ms ?? undefined };
  }
}

function chunkOf(row: Row): ClaimedChunk | undefined {
  if (row.chunk_id === null) return undefined;
  return {
    id: row.chunk_id,
    attempt: row.chunk_attempt,
    campaignId: row.chunk_campaign ?? undefined,
    numbers: row.chunk_numbers.split(','),
    orderIds: row.chunk_order_ids?.split(','),
    content: row.chunk_content,
    senderId: row.chunk_sender ?? undefined,
    numberRetries: row.chunk_number_retries,
    isolation: row.chunk_isolation,
    expiresInMs: row.expires_in_ms ?? undefined,
    isDoubtful: row.is_doubtful,
    isProbe: row.is_probe,
    isLaneTry: row.is_lane_try,
    waitedMs: row.waited_ms,
  };
}
