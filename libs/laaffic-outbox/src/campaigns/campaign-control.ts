import { givenUp } from '../ledger/given-up.js';
import type { Ledger } from '../ledger/outbox-ledger.js';
import { isRowId } from '../ledger/row-id.js';
import { OutboxError } from '../outbox.error.js';
import type { CampaignState } from './campaign.js';

/** Number of chunks that one statement cancels. A small number keeps locks short. */
const STEP = 100;

/** A transition from some states to another. */
interface Transition {
  /** The end of the sentence "the campaign cannot be …". */
  readonly name: string;
  readonly from: readonly CampaignState[];
  /** The new state, as an SQL expression. */
  readonly to: string;
  /** Further assignments, in SQL. */
  readonly set?: string;
}

const TRANSITIONS = {
  start: { name: 'started', from: ['draft', 'scheduled'], to: `'running'`, set: 'starts_at = clock_timestamp(),' },
  pause: { name: 'paused', from: ['scheduled', 'running'], to: `'paused'` },
  resume: {
    name: 'resumed',
    from: ['paused'],
    to: `case when starts_at <= clock_timestamp() then 'running' else 'scheduled' end`,
    set: 'paused_code = null, paused_reason = null,',
  },
  cancel: {
    name: 'cancelled',
    from: ['creating', 'draft', 'scheduled', 'running', 'paused'],
    to: `'cancelled'`,
    set: 'paused_code = null, paused_reason = null,',
  },
} as const satisfies Record<string, Transition>;

/** Starts, pauses, resumes and cancels campaigns. */
export class CampaignControl {
  constructor(private readonly ledger: Ledger) {}

  async start(id: string, by: string): Promise<void> {
    await this.#move(id, TRANSITIONS.start, by);
    this.ledger.notifications.call('due');
  }

  async pause(id: string, by: string): Promise<void> {
    await this.#move(id, TRANSITIONS.pause, by);
  }

  async resume(id: string, by: string): Promise<void> {
    await this.#move(id, TRANSITIONS.resume, by);
    this.ledger.notifications.call('due');
  }

  async cancel(id: string, by: string): Promise<void> {
    await this.#move(id, TRANSITIONS.cancel, by);
    try {
      while ((await this.#cancelChunks(id, by)) > 0);
    } catch (error) {
      // The campaign is cancelled, so nothing more is sent. The workers' maintenance cancels the remaining chunks.
      if (!(error instanceof OutboxError)) throw error;
    }
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND`, or `OUTBOX_WRONG_STATE` unless the campaign is in one of the states. */
  async require(id: string, states: readonly CampaignState[], name: string): Promise<void> {
    const state = await this.#stateOf(id);
    if (state === undefined || !states.includes(state)) throw refused(id, name, state);
  }

  async #move(id: string, { name, from, to, set = '' }: Transition, by: string): Promise<void> {
    const { database, account } = this.ledger;
    const s = database.schema;
    if (!isRowId(id)) throw notFound(id);
    const { rows } = await database.query(
      `with moved as (
        update ${s}.campaign set state = (${to})::${s}.campaign_state, ${set} changed_at = clock_timestamp()
        where id = $1 and account = $2 and state = any ($3::text[]::${s}.campaign_state[]) returning id, account, state
      ), noted as (
        insert into ${s}.journal (account, campaign_id, event, by) select account, id, state::text, $4 from moved
      )
      select pg_notify($5, '')::text from moved`,
      [id, account, from, by, `${database.channel}_due`],
    );
    if (rows.length > 0) return;
    throw refused(id, name, await this.#stateOf(id));
  }

  async #cancelChunks(id: string, by: string): Promise<number> {
    const { database } = this.ledger;
    const s = database.schema;
    const { rows } = await database.query(
      `with waiting as (
        select id from ${s}.chunk where campaign_id = $1 and state = 'pending' limit ${STEP} for update skip locked
      ), moved as (
        update ${s}.chunk c set ${givenUp(s)}
        from waiting w where c.id = w.id returning c.*
      ), recorded as (
        select ${s}.record_chunk(m.*::${s}.chunk) from moved m
      )
      insert into ${s}.journal (account, campaign_id, chunk_id, attempt, event, by)
        select account, campaign_id, id, attempt, state::text, $2 from moved, (select count(*) from recorded) r returning 1`,
      [id, by],
    );
    return rows.length;
  }

  async #stateOf(id: string): Promise<CampaignState | undefined> {
    if (!isRowId(id)) return undefined;
    const { database, account } = this.ledger;
    const { rows } = await database.query<{ state: CampaignState }>(
      `select state from ${database.schema}.campaign where id = $1 and account = $2`,
      [id, account],
    );
    return rows[0]?.state;
  }
}

export function notFound(id: string): OutboxError {
  return new OutboxError('OUTBOX_NOT_FOUND', `There is no campaign ${isRowId(id) ? id : 'with this id'}`);
}

function refused(id: string, name: string, state: CampaignState | undefined): OutboxError {
  if (state === undefined) return notFound(id);
  return new OutboxError('OUTBOX_WRONG_STATE', `The campaign cannot be ${name}: it is ${state}`);
}
