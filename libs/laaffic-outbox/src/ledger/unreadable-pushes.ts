import { hash } from 'node:crypto';
import type { UnreadablePush } from 'nestjs-laaffic/webhooks';
import type { Ledger } from './outbox-ledger.js';

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

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly received_at: Date;
  readonly route: UnreadablePush['route'];
  readonly reason: UnreadablePush['reason'];
  readonly body: Buffer;
}

/** Without a limit, anybody who knows the secret could fill the disk. The newest pushes are kept. */
const MOST_KEPT = 1_000;

/** Keeps unreadable pushes for manual inspection. */
export class UnreadablePushes {
  constructor(private readonly ledger: Ledger) {}

  async keep({ route, reason, bytes }: UnreadablePush): Promise<void> {
    const { database, account } = this.ledger;
    const table = `${database.schema}.unreadable_push`;
    await database.query(
      `with kept as (
        insert into ${table} (account, route, reason, body, digest) values ($1, $2, $3, $4, $5)
        on conflict (account, route, digest) do nothing
      )
      delete from ${table} where account = $1 and id <= (
        select id from ${table} where account = $1 order by id desc offset ${MOST_KEPT - 1} limit 1
      )`,
      [account, route, reason, bytes, hash('sha256', bytes, 'buffer')],
    );
  }

  /** Newest first. */
  async list({ before, limit = 50 }: UnreadablePushesFilter): Promise<StoredUnreadablePush[]> {
    const { database, account } = this.ledger;
    const { rows } = await database.query<Row>(
      `select p.id::text as id, received_at, route, reason, body from ${database.schema}.unreadable_push p
        where account = $1 and ($2::bigint is null or p.id < $2::bigint) order by p.id desc limit $3`,
      [account, before ?? null, limit],
    );
    return rows.map(({ id, received_at, route, reason, body }) => ({
      ...{ id, receivedAt: received_at, route, reason, bytes: body },
    }));
  }
}
