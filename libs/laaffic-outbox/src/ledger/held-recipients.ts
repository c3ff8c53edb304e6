import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { checkName } from '../command-checks.js';
import { goOn } from './callers-database.js';
import { chunkColumns, recipientsOf, type ChunkRow, type OutboxRecipient } from './chunk-recipients.js';
import type { Ledger } from './outbox-ledger.js';

/**
 * A manual decision about recipients whose outcome is unknown.
 * - `resend`: sends again. Some may get the message twice.
 * - `abandon`: leaves the outcome unknown for ever.
 * - `sent`: states that they were sent. They count as accepted, without a message id.
 */
export type HeldDecision = 'resend' | 'abandon' | 'sent';

/** How to decide. */
export interface ResolveOptions {
  /** Who decided, for the history. */
  readonly actor: string;
  /**
   * The positions of the recipients to decide about.
   * @default all recipients on hold
   */
  readonly positions?: readonly number[] | undefined;
}

/** A recipient of a single message that is on hold. */
export interface HeldRecipient extends OutboxRecipient {
  readonly messageId: string;
  /** The caller's own reference of the message. */
  readonly reference?: string;
}

/** The message or campaign of a decision. */
export type HeldScope = { readonly campaignId: string } | { readonly messageId: string };

interface HeldRow extends ChunkRow, Record<string, unknown> {
  readonly root: string;
  readonly reference: string | null;
}

const DECISIONS: readonly unknown[] = ['resend', 'abandon', 'sent'] satisfies HeldDecision[];
/** Number of chunks that one statement reads or decides. */
const STEP = 50;
const MAYBE_HELD = `(c.state = 'held' or c.state = 'settled' and c.unknown > 0)`;

/** Finds recipients that need a manual decision, and executes the decision. */
export class HeldRecipients {
  constructor(private readonly ledger: Ledger) {}

  /** Yields the recipients of all single messages, oldest message first. */
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
   * Executes a decision in steps of some chunks. Recipients that were decided or proven in the meantime stay as they
   * are.
   * @returns about how many recipients it affected.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async resolve(scope: HeldScope, decision: unknown, options: unknown): Promise<number> {
    const { actor, positions } = readDecision(decision, options);
    const s = this.ledger.database.schema;
    const decided = await this.#step(scope, MAYBE_HELD, `${s}.decide_held(t.id, $4::text, $5::bigint[], $6::text)`, [
      decision,
      positions === undefined ? null : positions,
      actor,
    ]);
    if (decided > 0 && decision === 'resend') await this.#wake();
    return decided;
  }

  /**
   * Sends again to all recipients that were certainly rejected.
   * @returns the number of recipients.
   * @throws {LaafficInputException} if `actor` is not text.
   */
  async retryRejected(scope: HeldScope, options: unknown): Promise<number> {
    const { actor } = (options ?? {}) as { actor?: unknown };
    const issues = checkName('actor', actor);
    if (issues.length > 0) throw invalidCommand(issues);
    const s = this.ledger.database.schema;
    const moved = await this.#step(
      scope,
      `(c.state = 'refused' or c.state = 'settled' and c.rejected > 0)`,
      `${s}.resend(t.id, 'refused,settled', 'rejected', $4::text, 'refused')`,
      [actor],
    );
    if (moved > 0) await this.#wake();
    return moved;
  }

  /** Calls a function for each chunk that exists now, but not for chunks that the function creates. */
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
    // The decision is stored. Workers that miss the notification poll.
    await database.query(`select pg_notify($1, '')`, [`${database.channel}_due`]).catch(() => undefined);
  }
}

function readDecision(
  decision: unknown,
  options: unknown,
): { actor: string; positions: readonly number[] | undefined } {
  const { actor, positions } = (options ?? {}) as { actor?: unknown; positions?: unknown };
  const issues: Issue[] = [
    ...(DECISIONS.includes(decision) ? [] : [{ field: 'decision', problem: `must be one of ${DECISIONS.join(', ')}` }]),
    ...checkName('actor', actor),
    ...(positions === undefined || isPositions(positions)
      ? []
      : [{ field: 'positions', problem: 'must be a list of whole numbers from 0' }]),
  ];
  if (issues.length > 0) throw invalidCommand(issues);
  return { actor: actor as string, positions: positions as readonly number[] | undefined };
}

function isPositions(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && (one as number) >= 0);
}
