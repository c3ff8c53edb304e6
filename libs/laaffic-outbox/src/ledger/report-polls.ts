import { Answers } from './answers.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** A chunk whose reports are due to be fetched. */
export interface ReportPoll {
  readonly chunkId: string;
  /** The message ids of its recipients without a final state. */
  readonly msgIds: readonly string[];
}

/** Number of chunks to fetch for at once: ten thousand messages, fifty requests. */
const STEP = 10;
/** The pauses between fetches, as multiples of the first one: 1, 6, 24 and 48 hours after 15 minutes. */
const PAUSES = [4, 24, 96, 192];

/** Claims chunks whose reports were not pushed, each for one worker at a time. */
export class ReportPolls {
  readonly #answers: Answers;
  readonly #claim: string;
  readonly #giveBack: string;

  constructor(private readonly ledger: OutboxLedger) {
    this.#answers = new Answers(ledger);
    const s = ledger.database.schema;
    const open = `from ${s}.message m where m.chunk_id = c.id and m.state in ('accepted', 'unknown', 'held', 'abandoned')
      and m.msg_id ~ '^[0-9]{1,32}$'`;
    this.#claim = `with due as (
        select id from ${s}.chunk where account = $1 and poll_at <= clock_timestamp()
        order by poll_at limit ${STEP} for no key update skip locked
      )
      update ${s}.chunk c set polls = c.polls + 1, poll_at = case when exists (select ${open}) then
          clock_timestamp() + (array[${PAUSES.join()}])[c.polls + 1] * $2::float8 * interval '1 millisecond' end
      from due d where c.id = d.id returning c.id::text as id, array(select m.msg_id ${open}) as msg_ids`;
    this.#giveBack = `update ${s}.chunk set polls = greatest(0, polls - 1),
        poll_at = clock_timestamp() + $2::float8 * interval '1 millisecond' where id = any ($1::bigint[])`;
  }

  /** Claims due chunks. Their next time is committed before it resolves. */
  async claim(reportsAfterMs: number): Promise<ReportPoll[]> {
    await this.#answers.writeOut();
    const { rows } = await this.ledger.database.query<{ id: string; msg_ids: string[] }>(this.#claim, [
      this.ledger.account,
      reportsAfterMs,
    ]);
    return rows.map(({ id, msg_ids }) => ({ chunkId: id, msgIds: msg_ids }));
  }

  /** Releases chunks soon, because the gateway did not respond. */
  async giveBack(polls: readonly ReportPoll[], reportsAfterMs: number): Promise<void> {
    await this.ledger.database.query(this.#giveBack, [polls.map(({ chunkId }) => chunkId), reportsAfterMs]);
  }
}
