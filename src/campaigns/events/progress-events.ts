import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { CampaignProgress } from 'nestjs-laaffic-outbox';
import { untilDrained } from '../../streams/until-drained.js';

/** Proxies cut a connection on which nothing comes for a minute or so. */
const KEEP_ALIVE = 15_000;

/** What the id of a campaign's last event begins with. */
const END = 'end-';

/** Whether nothing of a campaign is sent any more, and its events end. */
export function isOver({ state, sending }: CampaignProgress): boolean {
  return state === 'done' || (state === 'cancelled' && sending === 0);
}

/** Whether a client has heard the last event of a campaign, of whatever reading that was: reports come for days. */
export function hasHeardEnd(lastId: string): boolean {
  return lastId.startsWith(END);
}

/**
 * The id of the event that a reading makes: the same reading has the same id, whichever instance made it. A client
 * that comes back with it misses nothing.
 */
export function eventIdOf(progress: CampaignProgress): string {
  const digest = createHash('sha256').update(JSON.stringify(progress)).digest('base64url').slice(0, 16);
  return isOver(progress) ? END + digest : digest;
}

/** One reading is written to everybody who watches. */
const events = new WeakMap<CampaignProgress, { readonly id: string; readonly text: string }>();

function eventOf(progress: CampaignProgress): { readonly id: string; readonly text: string } {
  const known = events.get(progress);
  if (known !== undefined) return known;
  const id = eventIdOf(progress);
  const event = { id, text: `id: ${id}\nevent: progress\ndata: ${JSON.stringify(progress)}\n\n` };
  events.set(progress, event);
  return event;
}

/** Writes readings as server-sent events, and comments while there are none; ends neither the stream nor the readings. */
export async function writeProgress(
  stream: Writable,
  readings: AsyncIterable<CampaignProgress>,
  { keepAlive = KEEP_ALIVE, lastId = '' }: { readonly keepAlive?: number; readonly lastId?: string } = {},
): Promise<void> {
  const timer = setInterval(() => {
    if (!stream.writableNeedDrain) stream.write(': nothing new\n\n');
  }, keepAlive);
  try {
    for await (const progress of readings) {
      const { id, text } = eventOf(progress);
      if (id === lastId) continue;
      if (!stream.write(text) && !stream.destroyed) await untilDrained(stream);
    }
  } finally {
    clearInterval(timer);
  }
}
