import type { NewCampaign, SmsCampaigns } from 'nestjs-laaffic-outbox';
import type { Pool } from 'pg';

const DEADLINE = 60_000;

/** A campaign, as far as a test does not care. */
export function campaignOf(more: Partial<NewCampaign>): NewCampaign {
  return { name: 'a campaign', content: 'hello', recipients: [], ...more };
}

/** So many numbers, each another. */
export function* numbers(count: number): Generator<string, void, undefined> {
  for (let i = 0; i < count; i++) yield String(918_500_000_000 + i);
}

/** All that an iterable gives. */
export async function readAll<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

/** Looks again and again until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not come to be in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What `progress` says, the counts that are not named being 0. */
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

/** Whether the chunks count what is known of their recipients, and the counts of the progress add up. */
export async function balanceOf(pool: Pool, campaigns: SmsCampaigns, id: string) {
  const { total, ...progress } = await campaigns.progress(id);
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
