import { Answers } from './answers.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** A recipient that the gateway may have taken, without a message id so far. */
export interface OpenRecipient {
  readonly chunkId: string;
  readonly attempt: number;
  readonly slot: number;
  readonly number: string;
  /** When its request began, by the database's clock. */
  readonly sentAt: Date;
  /** Whether its answer may still come; then nothing has to be proved. */
  readonly isUnderWay: boolean;
}

/** When the unknown messages were sent, and what time it is, by the database's clock. */
export interface UnknownSpan {
  readonly from: Date;
  readonly to: Date;
}

interface Row {
  id: string;
  attempt: number;
  state: string;
  numbers: string;
  sent_at: Date;
  known: number[];
}

/** As many chunks as are read at once. */
const STEP = 50;

/** Reads whose messages nobody knows about. */
export class UnknownRecipients {
  readonly #answers: Answers;

  constructor(private readonly ledger: OutboxLedger) {
    this.#answers = new Answers(ledger);
  }

  /**
   * Takes the turn to look for unknown messages of the account, one for each interval over all workers.
   * @returns `undefined` if somebody else had it, or if there are none.
   */
  async turn(interval: number): Promise<UnknownSpan | undefined> {
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query<{ from: Date; to: Date }>(
      `with unknown as (
        select min(c.sent_at) as since from ${s}.chunk c where c.account = $1 and (c.state = 'unknown' or c.unknown > 0
          and exists (select from ${s}.message m where m.chunk_id = c.id and m.state = 'unknown'))
      )
      update ${s}.account a set looked_up_at = clock_timestamp() from unknown u
      where a.id = $1 and u.since is not null
        and (a.looked_up_at is null or a.looked_up_at <= clock_timestamp() - $2::float8 * interval '1 millisecond')
      returning u.since as from, a.looked_up_at as to`,
      [this.ledger.account, interval],
    );
    const [span] = rows;
    // What is accepted has to be known by its ids.
    if (span !== undefined) await this.#answers.writeOut();
    return span;
  }

  /** Those of the message ids that are no message's of this ledger. */
  async foreign(msgIds: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.ledger.database.query<{ msg_id: string }>(
      `select a.msg_id from unnest($1::text[]) a (msg_id)
      where not exists (select from ${this.ledger.database.schema}.message m where m.msg_id = a.msg_id)`,
      [msgIds],
    );
    return new Set(rows.map(({ msg_id }) => msg_id));
  }

  /** Everybody with one of these numbers whose message, sent since then, has no id. */
  async open(since: Date, numbers: ReadonlySet<string>): Promise<OpenRecipient[]> {
    const s = this.ledger.database.schema;
    const { rows: chunks } = await this.ledger.database.query<{ id: string }>(
      `select id::text as id from ${s}.chunk where account = $1 and sent_at >= $2 and state in ('sending', 'unknown')
      union select id::text from ${s}.chunk where account = $1 and sent_at >= $2 and (state = 'held' or unknown > 0)`,
      [this.ledger.account, since],
    );
    const found: OpenRecipient[] = [];
    for (let start = 0; start < chunks.length; start += STEP) {
      const ids = chunks.slice(start, start + STEP).map(({ id }) => id);
      const { rows } = await this.ledger.database.query<Row & Record<string, unknown>>(
        `select c.id::text as id, c.attempt, c.state::text as state, c.numbers, c.sent_at,
          array(select m.idx from ${s}.message m where m.chunk_id = c.id
            and m.state not in ('unknown', 'held', 'abandoned')) as known
        from ${s}.chunk c where c.id = any ($1::bigint[]) and c.numbers is not null
          and c.state in ('sending', 'settled', 'unknown', 'held', 'abandoned')`,
        [ids],
      );
      for (const row of rows) found.push(...openIn(row, numbers));
    }
    return found;
  }
}

function openIn({ id, attempt, state, numbers, sent_at, known }: Row, wanted: ReadonlySet<string>): OpenRecipient[] {
  const slots = new Set(known);
  return numbers.split(',').flatMap((number, slot) => {
    if (!wanted.has(number) || slots.has(slot)) return [];
    return [{ chunkId: id, attempt, slot, number, sentAt: sent_at, isUnderWay: state === 'sending' }];
  });
}
