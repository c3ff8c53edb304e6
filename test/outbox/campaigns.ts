import type { NewCampaign, SmsCampaigns } from 'nestjs-laaffic-outbox';
import type { Pool } from 'pg';

/** A campaign with defaults for fields that a test does not care about. */
export function campaignOf(more: Partial<NewCampaign>): NewCampaign {
  return { name: 'a campaign', content: 'hello', recipients: [], ...more };
}

/** This many different numbers. */
export function* numbers(count: number): Generator<string, void, undefined> {
  for (let i = 0; i < count; i++) yield String(918_500_000_000 + i);
}

/** All values of an iterable. */
export async function readAll<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

/** The expected progress. Counts that are not named are 0. */
export function progressOf(id: string, state: string, counts: Record<string, number>) {
  return {
    id,
    state,
    startedAt: expect.any(Date),
    doneAt: state === 'done' || state === 'cancelled' ? expect.any(Date) : undefined,
    total: 0,
    pending: 0,
    sending: 0,
    accepted: 0,
    delivered: 0,
    failed: 0,
    rejected: 0,
    invalid: 0,
    cancelled: 0,
    unknown: 0,
    held: 0,
    abandoned: 0,
    ...counts,
  };
}

/** Checks that the counts of each chunk match its recipients, and that the counts of the progress add up. */
export async function balanceOf(pool: Pool, campaigns: SmsCampaigns, id: string) {
  const { total, ...progress } = await campaigns.getProgress(id);
  const { rows } = await pool.query<{ unbalanced: number }>(
    `select count(*)::int as unbalanced from laaffic_outbox.chunk c cross join lateral (
      select count(*) filter (where state in ('accepted', 'delivered', 'failed'))
          -- Those that have no rows of their own yet.
          + coalesce((select cardinality(string_to_array(msg_ids, ',')) from laaffic_outbox.answer where chunk_id = c.id), 0)
          as accepted,
        count(*) filter (where state = 'rejected') as rejected,
        count(*) filter (where state in ('unknown', 'held', 'abandoned')) as unknown
      from laaffic_outbox.message where chunk_id = c.id) m
    where c.campaign_id = $1 and (c.state = 'settled' and (c.accepted, c.rejected, c.unknown)
        is distinct from (m.accepted, m.rejected, m.unknown)
      or c.state = 'settled' and c.n <> c.accepted + c.rejected + c.unknown
      or c.n <> (select count(*) from unnest(string_to_array(c.numbers, ',')) number where number <> ''))`,
    [id],
  );
  const counts = Object.values(progress).filter((value) => typeof value === 'number');
  const sum = counts.reduce((all, count) => all + count, 0);
  return { unbalanced: rows[0]?.unbalanced, isWhole: sum === total };
}
