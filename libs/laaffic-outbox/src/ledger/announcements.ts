import type { OutboxLedger } from './outbox-ledger.js';

/** Something that this process is to tell handlers about. */
export interface Announcement {
  readonly of: 'chunk' | 'campaign';
  readonly id: string;
  /** How often it was begun to be told, this time included. */
  readonly tries: number;
  /** Says whether the row was announced anew or claimed by somebody else since. */
  readonly token: string;
}

/** Which chunks are told about. */
export interface AnnouncedChunks {
  readonly settled: boolean;
  readonly held: boolean;
}

interface Row extends Record<string, unknown> {
  id: string;
  tries: number;
  token: string;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10 * 60_000;

/** Microseconds, as whole numbers: a timestamp's own text depends on the session. */
const TOKEN = '(extract(epoch from announce_at) * 1000000)::bigint::text';

/** Gives out what was committed and has not been told yet, each to one process at a time. */
export class Announcements {
  constructor(
    private readonly ledger: OutboxLedger,
    /** How long a claim holds that is not renewed, in milliseconds; then somebody else tells it. */
    private readonly lease: number,
  ) {}

  /** Leaves to other processes what this one has no handlers for. */
  claimChunks({ settled, held }: AnnouncedChunks, limit: number): Promise<Announcement[]> {
    return this.#claim(
      'chunk',
      `and (state <> 'held' or $4::boolean)
        and (state not in ('settled', 'refused', 'abandoned') or $5::boolean or $4::boolean and unknown > 0)`,
      [limit, held, settled],
    );
  }

  claimCampaigns(limit: number): Promise<Announcement[]> {
    return this.#claim('campaign', '', [limit]);
  }

  /** Makes a claim hold from now on. @returns it, without effect if it was announced anew or is another's. */
  async renew(claim: Announcement): Promise<Announcement> {
    const { of, id, token } = claim;
    const { rows } = await this.ledger.database.query<{ token: string }>(
      `update ${this.ledger.database.schema}.${of} set announce_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
        where id = $1 and ${TOKEN} = $2 returning ${TOKEN} as token`,
      [id, token, this.lease],
    );
    const [row] = rows;
    return row === undefined ? claim : { ...claim, token: row.token };
  }

  /** It was told. */
  async finish({ of, id, token }: Announcement): Promise<void> {
    const s = this.ledger.database.schema;
    await this.ledger.database.query(
      `update ${s}.${of} set announce_at = null, announcements = 0 where id = $1 and ${TOKEN} = $2`,
      [id, token],
    );
  }

  /** It could not be told: again after a pause that grows. */
  async postpone({ of, id, token, tries }: Announcement): Promise<void> {
    const s = this.ledger.database.schema;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(tries - 1, 20));
    await this.ledger.database.query(
      `update ${s}.${of} set announce_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
        where id = $1 and ${TOKEN} = $2`,
      [id, token, pause],
    );
  }

  async #claim(of: Announcement['of'], condition: string, params: readonly unknown[]): Promise<Announcement[]> {
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query<Row>(
      `with due as (
        select id as due_id from ${s}.${of} where account = $1 and announce_at <= clock_timestamp() ${condition}
        order by announce_at limit $3 for no key update skip locked
      )
      update ${s}.${of} set announcements = announcements + 1,
        announce_at = clock_timestamp() + $2::float8 * interval '1 millisecond'
      from due where id = due_id returning id::text as id, announcements as tries, ${TOKEN} as token`,
      [this.ledger.account, this.lease, ...params],
    );
    return rows.map(({ id, tries, token }) => ({ of, id, tries, token }));
  }
}
