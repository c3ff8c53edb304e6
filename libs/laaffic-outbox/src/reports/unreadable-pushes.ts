import { hash } from 'node:crypto';
import type { UnreadablePush } from 'nestjs-laaffic/webhooks';
import type { Database } from '../database/database.js';
import { keepUnreadablePush, listUnreadablePushes } from '../sql/generated.js';

/** A push that could not be read. */
export interface StoredUnreadablePush {
  readonly id: string;
  /** When it arrived; for a repeated push, the first time. */
  readonly receivedAt: Date;
  readonly route: UnreadablePush['route'];
  readonly reason: UnreadablePush['reason'];
  /** The original body. Only the beginning if it was too long. */
  readonly bytes: Buffer;
}

/** Filters the list of unreadable pushes. */
export interface UnreadablePushesFilter {
  /** Lists only pushes older than the one with this id. */
  readonly before?: string | undefined;
  /**
   * The maximum number of pushes, at most 100.
   * @default 50
   */
  readonly limit?: number | undefined;
}

/** Without a limit, anyone who knows the secret could fill the disk. The newest pushes are kept. */
const MOST_KEPT = 1_000;

/** Keeps unreadable pushes for manual inspection. */
export class UnreadablePushes {
  constructor(
    private readonly account: string,
    private readonly database: Database,
  ) {}

  async keep({ route, reason, bytes }: UnreadablePush): Promise<void> {
    const { account } = this;
    const digest = hash('sha256', bytes, 'buffer');
    await this.database.run(keepUnreadablePush, { account, route, reason, body: bytes, digest, maxKept: MOST_KEPT });
  }

  /** Newest first. */
  async list({ before, limit = 50 }: UnreadablePushesFilter): Promise<StoredUnreadablePush[]> {
    const { account } = this;
    const rows = await this.database.run(listUnreadablePushes, { account, before: before ?? null, limit });
    return rows.map(({ id, received_at, route, reason, body }) => ({
      id,
      receivedAt: received_at,
      route: route as UnreadablePush['route'],
      reason: reason as UnreadablePush['reason'],
      bytes: body,
    }));
  }
}
