import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { continueCall } from '../database/callers-database.js';
import { LANES } from '../options/outbox.options.js';
import {
  findHeldOfCampaign,
  findHeldOfMessage,
  findRejectedOfCampaign,
  listHeld,
  resendRejected,
  resolveHeld,
} from '../sql/generated.js';
import { isRowId } from '../store/order-ids.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { present, recipientsOf, type OutboxRecipient } from '../store/recipients.js';
import { checkText } from './command-checks.js';

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

/** Which recipients on hold to list. */
export interface HeldFilter {
  /** Lists only recipients after the one with this id, such as the last one of the previous page. */
  readonly after?: string | undefined;
  /**
   * The maximum number of recipients: a whole number of at least 1.
   * @default all
   */
  readonly limit?: number | undefined;
}

/** A recipient on hold, of a message or of a campaign. */
export interface HeldRecipient extends OutboxRecipient {
  /** The place in the list, for `after`. */
  readonly id: string;
  /** Decide with `SmsOutbox.resolveHeld`. Missing for recipients of campaigns. */
  readonly messageId?: string;
  /** Decide with `SmsCampaigns.resolveHeld`. Missing for recipients of single messages. */
  readonly campaignId?: string;
  /** The caller's own reference of the message. */
  readonly reference?: string;
  /** Whether the text of the message is stored sealed. Missing if not. */
  readonly sealed?: boolean;
}

/** The message or campaign of a decision. */
export type HeldScope = { readonly campaignId: string } | { readonly messageId: string };

/** The id of a chunk, and a slot in it. */
const PLACE = /^(\d{1,19})\.(\d{1,3})$/;
const DECISIONS: readonly unknown[] = ['resend', 'abandon', 'sent'] satisfies HeldDecision[];
/** Maximum number of recipients in a chunk. */
const LARGEST_CHUNK = 1_000;
/** Number of chunks that one statement reads or decides. */
const STEP = 50;

/** Finds recipients that need a manual decision, and executes the decision. */
export class HeldRecipients {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'prefix' | 'callers' | 'due'>) {}

  /**
   * Yields the recipients of messages and campaigns, oldest chunk first.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async *list({ after, limit }: HeldFilter): AsyncGenerator<HeldRecipient, void, undefined> {
    const [, chunk = '0', slot = '-1'] = PLACE.exec(after ?? '') ?? [];
    const issues: Issue[] = [
      ...(after === undefined || isRowId(chunk)
        ? []
        : [{ field: 'after', problem: 'must be the id of a recipient in this list' }]),
      ...(limit === undefined || (Number.isSafeInteger(limit) && limit >= 1)
        ? []
        : [{ field: 'limit', problem: 'must be a whole number of at least 1' }]),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, prefix, callers } = this.store;
    let left = limit ?? Infinity;
    for (let from = chunk; ;) {
      // The recipients of the first chunk may all have been on the previous page.
      const rows = await callers.run(listHeld, { account, from, limit: Math.min(STEP, left + 1) });
      for (const row of rows) {
        for (const recipient of recipientsOf(row, prefix)) {
          const at = recipient.position - Number(row.first_position);
          if (recipient.state !== 'held' || (row.id === chunk && at <= Number(slot))) continue;
          yield { id: `${row.id}.${at}`, ...recipient, ...originOf(row) };
          if (--left === 0) return;
        }
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      from = String(BigInt(last.id) + 1n);
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
    const { account, callers } = this.store;
    const chunks =
      'campaignId' in scope
        ? await callers.run(findHeldOfCampaign, { account, campaignId: scope.campaignId })
        : await callers.run(findHeldOfMessage, { account, messageId: scope.messageId });
    const decided = await inSteps(chunks, (ids, step) =>
      callers.run(resolveHeld, {
        ...{ ids, decision: decision as HeldDecision, actor },
        positions: positions === undefined ? null : positionsIn(step, positions),
      }),
    );
    if (decided > 0 && decision === 'resend') this.#wakeWorkers();
    return decided;
  }

  /**
   * Sends again to all recipients of a campaign that were certainly rejected.
   * @returns the number of recipients.
   * @throws {LaafficInputException} if `actor` is not text.
   */
  async retryRejected(campaignId: string, options: unknown): Promise<number> {
    const { actor } = (options ?? {}) as { actor?: unknown };
    const issues = checkText('actor', actor);
    if (issues.length > 0) throw invalidCommand(issues);
    const { account, callers } = this.store;
    const chunks = await callers.run(findRejectedOfCampaign, { account, campaignId });
    const moved = await inSteps(chunks, (ids) => callers.run(resendRejected, { ids, actor: actor as string }));
    if (moved > 0) this.#wakeWorkers();
    return moved;
  }

  #wakeWorkers(): void {
    for (const lane of LANES) this.store.due.notify(lane);
  }
}

/** The message or the campaign that a chunk belongs to. */
function originOf(row: {
  readonly message_id: string;
  readonly campaign_id: string | null;
  readonly reference: string | null;
  readonly seal_key_id: string | null;
}): Pick<HeldRecipient, 'messageId' | 'campaignId' | 'reference' | 'sealed'> {
  const { message_id: messageId, campaign_id: campaignId, reference, seal_key_id: sealKeyId } = row;
  if (campaignId !== null) return { campaignId };
  return { messageId, ...present({ reference }), ...(sealKeyId === null ? {} : { sealed: true }) };
}

/** Decides about chunks that exist now, but not about those that the decisions create. */
async function inSteps<Chunk extends { readonly id: string }>(
  chunks: readonly Chunk[],
  decide: (ids: readonly string[], step: readonly Chunk[]) => Promise<readonly { readonly count: number }[]>,
): Promise<number> {
  let count = 0;
  for (let at = 0; at < chunks.length; at += STEP) {
    const step = chunks.slice(at, at + STEP);
    const ids = step.map(({ id }) => id);
    const [decided] = await (at === 0 ? decide(ids, step) : continueCall(() => decide(ids, step)));
    count += decided?.count ?? 0;
  }
  return count;
}

/** Those positions that these chunks may have: there may be a hundred thousand, in a thousand chunks. */
function positionsIn(chunks: readonly { readonly first_position: string }[], positions: readonly number[]): number[] {
  const firsts = chunks.map((chunk) => Number(chunk.first_position));
  const [least, most] = [Math.min(...firsts), Math.max(...firsts) + LARGEST_CHUNK];
  return positions.filter((position) => position >= least && position < most);
}

function readDecision(
  decision: unknown,
  options: unknown,
): { actor: string; positions: readonly number[] | undefined } {
  const { actor, positions } = (options ?? {}) as { actor?: unknown; positions?: unknown };
  const issues: Issue[] = [
    ...(DECISIONS.includes(decision) ? [] : [{ field: 'decision', problem: `must be one of ${DECISIONS.join(', ')}` }]),
    ...checkText('actor', actor),
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
