import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { checkName } from '../command-checks.js';
import { goOn } from './callers-database.js';
import { chunkColumns, recipientsOf, type ChunkRow, type OutboxRecipient } from './chunk-recipients.js';
import type { Ledger } from './outbox-ledger.js';

/**
 * What a person decides about recipients of whom nobody knows whether they got the message.
 * - `resend`: they are sent to anew, and some may get it twice.
 * - `abandon`: nobody asks any more.
 * - `sent`: the person knows that they were sent to; they count as accepted, without a message id.
 */
export type HeldDecision = 'resend' | 'abandon' | 'sent';

/** How a decision is made. */
export interface ResolveOptions {
  /** Who decides, for the journal. */
  readonly by: string;
  /**
   * The places of the recipients that it is about.
   * @default all that are held
   */
  readonly positions?: readonly number[] | undefined;
}

/** A held recipient of a single message. */
export interface HeldRecipient extends OutboxRecipient {
  readonly messageId: string;
  /** What the caller calls the message. */
  readonly reference?: string;
}

/** What a decision is about. */
export type HeldScope = { readonly campaignId: string } | { readonly messageId: string };

interface HeldRow extends ChunkRow, Record<string, unknown> {
  readonly root: string;
  readonly reference: string | null;
}

const DECISIONS: readonly unknown[] = ['resend', 'abandon', 'sent'] satisfies HeldDecision[];
/** Chunks that one statement reads or decides. */
const STEP = 50;
const MAYBE_HELD = `(c.state = 'held' or c.state = 'settled' and c.unknown > 0)`;

/** Finds the recipients that wait for a person's decision, and carries it out. */
export class HeldRecipients {
  constructor(private readonly ledger: Ledger) {}

  /** Those of all single messages, oldest first. */
  async *ofMessages(): AsyncGenerator<HeldRecipient, void, undefined> {
    const { database, account, prefix } = this.ledger;
    const s = database.schema;
    for (let last = '0'; ;) {
      const { rows } = await database.query<HeldRow>(
        `select ${chunkColumns(s)}, coalesce(c.root, c.id)::text as root, c.reference from ${s}.chunk c
          where c.account = $1 and c.campaign_id is null and c.id > $2::bigint and ${MAYBE_HELD}
          order by c.id limit ${STEP}`,
        [account, last],
      );
      for (const row of rows) {
        const message = { messageId: row.root, ...(row.reference === null ? {} : { reference: row.reference }) };
        for (const recipient of recipientsOf(row, prefix)) {
          if (recipient.state === 'held') yield { ...recipient, ...message };
        }
      }
      const end = rows.at(-1);
      if (end === undefined) return;
      last = end.id;
    }
  }

  /**
   * Carries a decision out, some chunks at a time. What was decided or proven meanwhile is left as it is.
   * @returns about how many recipients it was.
   * @throws {LaafficInputException} naming every field that is wrong.
   */
  async resolve(scope: HeldScope, decision: unknown, options: unknown): Promise<number> {
    const { by, positions } = readDecision(decision, options);
    const s = this.ledger.database.schema;
    const decided = await this.#step(scope, MAYBE_HELD, `${s}.decide_held(t.id, $4::text, $5::bigint[], $6::text)`, [
      decision,
      positions === undefined ? null : positions,
      by,
    ]);
    if (decided > 0 && decision === 'resend') await this.#wake();
    return decided;
  }

  /**
   * Sends anew to all that were surely refused.
   * @returns to how many.
   * @throws {LaafficInputException} if `by` is no text.
   */
  async retryRefused(scope: HeldScope, options: unknown): Promise<number> {
    const { by } = (options ?? {}) as { by?: unknown };
    const issues = checkName('by', by);
    if (issues.length > 0) throw invalidCommand(issues);
    const s = this.ledger.database.schema;
    const moved = await this.#step(
      scope,
      `(c.state = 'refused' or c.state = 'settled' and c.rejected > 0)`,
      `${s}.resend(t.id, 'refused,settled', 'rejected', $4::text, 'refused')`,
      [by],
    );
    if (moved > 0) await this.#wake();
    return moved;
  }

  /** Calls a function for each chunk that is there now, not for those that it makes. */
  async #step(scope: HeldScope, condition: string, call: string, params: readonly unknown[]): Promise<number> {
    const { database, account } = this.ledger;
    const s = database.schema;
    const isCampaign = 'campaignId' in scope;
    const within = isCampaign
      ? 'c.campaign_id = $2::bigint'
      : '(c.id = $2::bigint or c.root = $2::bigint) and c.campaign_id is null';
    const id = isCampaign ? scope.campaignId : scope.messageId;
    const { rows: found } = await database.query<{ id: string }>(
      `select c.id::text as id from ${s}.chunk c where c.account = $1 and ${within} and ${condition} order by c.id`,
      [account, id],
    );
    let count = 0;
    for (let at = 0; at < found.length; at += STEP) {
      const ids = found.slice(at, at + STEP).map((row) => row.id);
      const step = () =>
        database.query<{ moved: number }>(
          `select coalesce(sum(${call}), 0)::int as moved from (
            select c.id from ${s}.chunk c where c.account = $1 and ${within} and c.id = any ($3::bigint[]) order by c.id
          ) t`,
          [account, id, ids, ...params],
        );
      const { rows } = await (at === 0 ? step() : goOn(step));
      count += rows[0]?.moved ?? 0;
    }
    return count;
  }

  async #wake(): Promise<void> {
    const { database, notifications } = this.ledger;
    notifications.call('due');
    // What was decided is decided; workers that do not hear of it look by themselves.
    await database.query(`select pg_notify($1, '')`, [`${database.channel}_due`]).catch(() => undefined);
  }
}

function readDecision(decision: unknown, options: unknown): { by: string; positions: readonly number[] | undefined } {
  const { by, positions } = (options ?? {}) as { by?: unknown; positions?: unknown };
  const issues: Issue[] = [
    ...(DECISIONS.includes(decision) ? [] : [{ field: 'decision', problem: `must be one of ${DECISIONS.join(', ')}` }]),
    ...checkName('by', by),
    ...(positions === undefined || isPositions(positions)
      ? []
      : [{ field: 'positions', problem: 'must be a list of whole numbers from 0' }]),
  ];
  if (issues.length > 0) throw invalidCommand(issues);
  return { by: by as string, positions: positions as readonly number[] | undefined };
}

function isPositions(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && (one as number) >= 0);
}
