import { readFileSync } from 'node:fs';
import type { NewCampaign, SmsCampaigns } from 'nestjs-laaffic-outbox';
import type { Pool } from 'pg';

const RECOUNT = readFileSync('libs/laaffic-outbox/sql/checks/recount.sql', 'utf8');

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

/** Checks that all counts equal a recount, and that the counts of the progress add up. */
export async function balanceOf(pool: Pool, campaigns: SmsCampaigns, id: string) {
  const { total, ...progress } = await campaigns.getProgress(id);
  const { rows } = await pool.query(RECOUNT.replaceAll('outbox.', 'laaffic_outbox.'));
  const counts = Object.values(progress).filter((value) => typeof value === 'number');
  const sum = counts.reduce((all, count) => all + count, 0);
  return { unbalanced: rows.length, isWhole: sum === total };
}
