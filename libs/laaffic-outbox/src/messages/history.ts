import { beginningOfMessage, historyOfCampaign, historyOfMessage } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** An event in the history of a message or campaign. Entries never change. */
export interface HistoryEntry {
  readonly at: Date;
  /** `sending`, `completed`, `rejected`, `unknown`, `held`, `resent`, … */
  readonly event: string;
  /** A worker, `app`, or the `actor` of the call. */
  readonly actor: string;
  /** The recipients of one request; `undefined` if the entry concerns the whole campaign. */
  readonly chunkId: string | undefined;
  /** The number of the attempt, from 1. */
  readonly attempt: number | undefined;
  /** A code, a number of recipients, or `sealed` for the first entry of a sealed message. */
  readonly detail: string | undefined;
}

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly event: string;
  readonly actor: string;
  readonly chunk_id: string | null;
  readonly attempt: number | null;
  readonly detail: string | null;
}

/** Number of entries that one statement reads. */
const STEP = 1_000;

/** Reads the history: what happened, when, and who did it. */
export class History {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'readers'>) {}

  /** Includes the chunks that the message was split into. */
  async *ofMessage(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    const { account, readers } = this.store;
    const [begun] = await readers.run(beginningOfMessage, { account, id });
    if (begun !== undefined) {
      const { created_at: at, created_by: actor, seal_key_id: sealKeyId } = begun;
      const detail = sealKeyId === null ? undefined : 'sealed';
      yield { at, event: 'pending', actor, chunkId: begun.id, attempt: 0, detail };
    }
    yield* pages((after) => readers.run(historyOfMessage, { account, id, after, limit: STEP }));
  }

  ofCampaign(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    const { account, readers } = this.store;
    return pages((after) => readers.run(historyOfCampaign, { account, id, after, limit: STEP }));
  }
}

async function* pages(read: (after: string) => Promise<Row[]>): AsyncGenerator<HistoryEntry, void, undefined> {
  for (let after = '0'; ;) {
    const rows = await read(after);
    for (const { at, event, actor, chunk_id, attempt, detail } of rows) {
      const chunk = { chunkId: chunk_id ?? undefined, attempt: attempt ?? undefined };
      yield { at, event, actor, ...chunk, detail: detail ?? undefined };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
