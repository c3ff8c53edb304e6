import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import type { CampaignProgress } from 'nestjs-laaffic-outbox';
import { untilDrained } from '../../common/streams/until-drained.js';

/** How often a comment is sent. Proxies close a connection that is silent for about a minute. */
const KEEP_ALIVE_MS = 15_000;

/** The prefix of the id of a campaign's last event. */
const END = 'end-';

/** Whether a campaign sends nothing more, so that its events end. */
export function isOver({ state, sending }: CampaignProgress): boolean {
  return state === 'done' || (state === 'cancelled' && sending === 0);
}

/** Whether a client got a last event of the campaign, of any reading: reports still change the counts for days. */
export function hasSeenEnd(lastEventId: string): boolean {
  return lastEventId.startsWith(END);
}

/**
 * The id of the event of a reading. Equal readings have equal ids on every instance, so that a client that reconnects
 * misses nothing.
 */
export function eventIdOf(progress: CampaignProgress): string {
  const digest = createHash('sha256').update(JSON.stringify(progress)).digest('base64url').slice(0, 16);
  return isOver(progress) ? END + digest : digest;
}

/** The event of a reading, shared by all clients that watch the campaign. */
const events = new WeakMap<CampaignProgress, { readonly id: string; readonly text: string }>();

function eventOf(progress: CampaignProgress): { readonly id: string; readonly text: string } {
  const known = events.get(progress);
  if (known !== undefined) return known;
  const id = eventIdOf(progress);
  const event = { id, text: `id: ${id}\nevent: progress\ndata: ${JSON.stringify(progress)}\n\n` };
  events.set(progress, event);
  return event;
}

/** Writes readings as server-sent events, and comments in between. It ends neither the stream nor the readings. */
export async function writeProgress(
  stream: Writable,
  readings: AsyncIterable<CampaignProgress>,
  {
    keepAliveMs = KEEP_ALIVE_MS,
    lastEventId = '',
  }: { readonly keepAliveMs?: number; readonly lastEventId?: string } = {},
): Promise<void> {
  const keepAlive = (): void => {
    if (!stream.writableNeedDrain) stream.write(': nothing new\n\n');
  };
  const timer = setInterval(keepAlive, keepAliveMs);
  try {
    for await (const progress of readings) {
      const { id, text } = eventOf(progress);
      if (id === lastEventId) {
        // The headers are sent with the first bytes, and the client waits for them.
        keepAlive();
        continue;
      }
      if (!stream.write(text) && !stream.destroyed) await untilDrained(stream);
    }
  } finally {
    clearInterval(timer);
  }
}
