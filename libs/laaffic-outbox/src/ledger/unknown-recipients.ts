import { Answers } from './answers.js';
import type { OutboxLedger } from './outbox-ledger.js';

/** A recipient that the gateway may have accepted, without a message id so far. */
export interface OpenRecipient {
  readonly chunkId: string;
  readonly attempt: number;
  readonly slot: number;
  readonly number: string;
  /** When its request started, by the database's clock. */
  readonly sentAt: Date;
  /** Whether its response may still arrive. Then no evidence is needed. */
  readonly isUnderWay: boolean;
}

/**
 * The period to look up, by the database's clock: from the oldest unknown message that is due for a lookup until now.
 */
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

/** Number of chunks that one statement reads. */
const STEP = 50;
/** The longest time for which the gateway tries to deliver a message. Older messages get no new records. */
const LONGEST_DELIVERY = 3 * 24 * 60 * 60 * 1000;

/** Reads recipients whose outcome is unknown. */
export class UnknownRecipients {
  readonly #answers: Answers;

  constructor(private readonly ledger: OutboxLedger) {
    this.#answers = new Answers(ledger);
  }

  /**
   * Takes the turn to look up unknown messages of the account. Over all workers there is one lookup at a time, and one
   * for each interval. The turn is lost if {@link keepTurn} is not called for an interval.
   * A message is looked up as soon as it is unknown, each time its age has doubled, and shortly before the grace period
   * ends, because each lookup reads all records since it was sent.
   * @returns `undefined` if another worker had the turn, or if no lookup is due.
   */
  async turn(interval: number, grace: number): Promise<UnknownSpan | undefined> {
    const s = this.ledger.database.schema;
    const { rows } = await this.ledger.database.query<{ from: Date; to: Date }>(
      `with unknown as (
        select c.sent_at, c.changed_at, a.looked_up_at, clock_timestamp() as now,
          extract(epoch from clock_timestamp() - c.sent_at) * 1000 / $2::float8 as intervals,
          $2::float8 * interval '1 millisecond' as one, $3::float8 * interval '1 millisecond' as grace
        from ${s}.chunk c join ${s}.account a on a.id = c.account
        where c.account = $1 and (c.state = 'unknown' or c.unknown > 0
          -- Not \`exists\`, which may read all messages of the table.
          and (select true from ${s}.message m where m.chunk_id = c.id and m.state = 'unknown' limit 1))
      ), due as (
        select min(sent_at) as since from unknown where looked_up_at is null or looked_up_at < changed_at
          or looked_up_at < sent_at + one * power(2, floor(ln(greatest(1, intervals)) / ln(2))) and intervals >= 1
          or looked_up_at < changed_at + grace - 1.5 * one and now >= changed_at + grace - 1.5 * one
      )
      update ${s}.account a set lookup_alive_at = clock_timestamp() from due d
      where a.id = $1 and d.since is not null
        and (a.lookup_alive_at is null or a.lookup_alive_at <= clock_timestamp() - $2::float8 * interval '1 millisecond')
      returning d.since as from, a.lookup_alive_at as to`,
      [this.ledger.account, interval, grace],
    );
    const [span] = rows;
    // Accepted messages must be known by their ids.
    if (span !== undefined) await this.#answers.writeOut(() => this.keepTurn());
    return span;
  }

  /** Keeps the turn while the lookup continues. */
  async keepTurn(): Promise<void> {
    await this.ledger.database.query(
      `update ${this.ledger.database.schema}.account set lookup_alive_at = clock_timestamp() where id = $1`,
      [this.ledger.account],
    );
  }

  /** Records that all records up to then were read. A lookup that was aborted is repeated. */
  async done({ to }: UnknownSpan): Promise<void> {
    await this.ledger.database.query(
      `update ${this.ledger.database.schema}.account set looked_up_at = $2 where id = $1`,
      [this.ledger.account, to],
    );
  }

  /** Returns those message ids that belong to no message of this ledger. */
  async foreign(msgIds: readonly string[]): Promise<Set<string>> {
    const { rows } = await this.ledger.database.query<{ msg_id: string }>(
      `select a.msg_id from unnest($1::text[]) a (msg_id)
      where not exists (select from ${this.ledger.database.schema}.message m where m.msg_id = a.msg_id)`,
      [msgIds],
    );
    return new Set(rows.map(({ msg_id }) => msg_id));
  }

  /**
   * Returns all recipients with one of these numbers and without a message id. A new record may belong to an old
   * message too.
   */
  async open(numbers: ReadonlySet<string>): Promise<OpenRecipient[]> {
    const s = this.ledger.database.schema;
    const { rows: chunks } = await this.ledger.database.query<{ id: string }>(
      `with lately as (select clock_timestamp() - $2::float8 * interval '1 millisecond' as since)
      select id::text as id from ${s}.chunk, lately where account = $1 and sent_at >= since and state in ('sending', 'unknown')
      union select id::text from ${s}.chunk, lately where account = $1 and sent_at >= since and (state = 'held' or unknown > 0)`,
      [this.ledger.account, LONGEST_DELIVERY],
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
