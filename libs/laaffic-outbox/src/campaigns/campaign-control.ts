import { OutboxError } from '../errors/outbox.error.js';
import {
  cancelCampaign,
  cancelCampaignChunks,
  findCampaignState,
  pauseCampaign,
  resumeCampaign,
  startCampaign,
} from '../sql/generated.js';
import type { Statement } from '../sql/statement.js';
import { isRowId } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import type { CampaignState } from './campaign.js';

/** Number of chunks that one statement cancels. A small number keeps locks short. */
const STEP = 100;

type Change = Statement<
  { readonly account: string; readonly id: number | string; readonly actor: string },
  { readonly id: string }
>;

/** Starts, pauses, resumes and cancels campaigns. */
export class CampaignControl {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'callers' | 'due'>) {}

  async start(id: string, actor: string): Promise<void> {
    await this.#change(id, startCampaign, 'started', actor);
    this.store.due.notify('bulk');
  }

  async pause(id: string, actor: string): Promise<void> {
    await this.#change(id, pauseCampaign, 'paused', actor);
  }

  async resume(id: string, actor: string): Promise<void> {
    await this.#change(id, resumeCampaign, 'resumed', actor);
    this.store.due.notify('bulk');
  }

  async cancel(id: string, actor: string): Promise<void> {
    await this.#change(id, cancelCampaign, 'cancelled', actor);
    try {
      while ((await this.#cancelChunks(id, actor)) > 0);
    } catch (error) {
      // The campaign is cancelled, so nothing more is sent. The workers' maintenance cancels the remaining chunks.
      if (!(error instanceof OutboxError)) throw error;
    }
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND`, or `OUTBOX_WRONG_STATE` unless the campaign is in one of the states. */
  async require(id: string, states: readonly CampaignState[], name: string): Promise<void> {
    const state = await this.#stateOf(id);
    if (state === undefined || !states.includes(state)) throw wrongState(id, name, state);
  }

  /** @param name the end of the sentence "the campaign cannot be …". */
  async #change(id: string, statement: Change, name: string, actor: string): Promise<void> {
    if (!isRowId(id)) throw notFound(id);
    const { account, callers } = this.store;
    const changed = await callers.run(statement, { account, id, actor });
    if (changed.length === 0) throw wrongState(id, name, await this.#stateOf(id));
  }

  async #cancelChunks(id: string, actor: string): Promise<number> {
    const [row] = await this.store.callers.run(cancelCampaignChunks, { id, actor, limit: STEP });
    return row?.count ?? 0;
  }

  async #stateOf(id: string): Promise<CampaignState | undefined> {
    if (!isRowId(id)) return undefined;
    const { account, callers } = this.store;
    const [row] = await callers.run(findCampaignState, { account, id });
    return row?.state;
  }
}

export function notFound(id: string): OutboxError {
  return new OutboxError('OUTBOX_NOT_FOUND', `There is no campaign ${isRowId(id) ? id : 'with this id'}`);
}

function wrongState(id: string, name: string, state: CampaignState | undefined): OutboxError {
  if (state === undefined) return notFound(id);
  return new OutboxError('OUTBOX_WRONG_STATE', `The campaign cannot be ${name}: it is ${state}`);
}
