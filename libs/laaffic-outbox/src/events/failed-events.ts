import { invalidCommand, type Issue } from 'nestjs-laaffic';
import type { Database } from '../database/database.js';
import { checkText, checkPage } from '../messages/command-checks.js';
import { listFailedEvents, retryFailedEvents } from '../sql/generated.js';
import { isRowId } from '../store/order-ids.js';
import { present } from '../store/recipients.js';
import { CAMPAIGN_DONE } from './event-queue.js';
import type { EmittedState } from './outbox-events.js';

/** An event that a handler failed to handle too often, so it is no longer called for it. */
export interface FailedEvent {
  readonly id: string;
  /** The name of the handler: `Module/Class.method`, or the `name` of its decorator. */
  readonly handler: string;
  /** The state that the recipients changed to. `undefined` for the end of a campaign. */
  readonly state?: EmittedState;
  /** The message. In a campaign, the id of the chunk. `undefined` for the end of a campaign. */
  readonly messageId?: string;
  readonly campaignId?: string;
  /** How many recipients changed. */
  readonly recipients: number;
  /**
   * The name of the last error, such as `TypeError`. `OUTBOX_HANDLER_LOST` if the process died each time before the
   * handler ended.
   */
  readonly error: string;
  readonly tries: number;
  /** When the change was recorded. */
  readonly recordedAt: Date;
  readonly firstFailedAt: Date;
  readonly lastFailedAt: Date;
}

/** Filters the list of failed events. */
export interface FailedEventsFilter {
  /** Lists only events of the handler with this name. */
  readonly handler?: string | undefined;
  /** Lists only events that were recorded before the one with this id. */
  readonly before?: string | undefined;
  /**
   * The maximum number of events, at most 1,000.
   * @default 50
   */
  readonly limit?: number | undefined;
}

/** Which failed events to retry: some, or all of a handler. */
export type FailedEventsSelection = { readonly ids: readonly string[] } | { readonly handler: string };

const LARGEST_PAGE = 1_000;

/** The dead letters of the event handlers of an account. */
export class FailedEvents {
  constructor(
    private readonly account: string,
    private readonly database: Pick<Database, 'run'>,
  ) {}

  /**
   * Newest first.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async list({ handler, before, limit = 50 }: FailedEventsFilter): Promise<FailedEvent[]> {
    const issues: Issue[] = [
      ...(handler === undefined ? [] : checkText('handler', handler)),
      ...checkPage({ before, limit }, LARGEST_PAGE, 'an event'),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    const page = { account: this.account, handler: handler ?? null, before: before ?? null, limit };
    const rows = await this.database.run(listFailedEvents, page);
    return rows.map((row) => ({
      id: row.id,
      handler: row.handler,
      ...present({
        state: row.topic === CAMPAIGN_DONE ? null : (row.topic as EmittedState),
        messageId: row.root_id,
        campaignId: row.campaign_id,
      }),
      recipients: row.recipients,
      error: row.error,
      tries: row.tries,
      recordedAt: row.recorded_at,
      firstFailedAt: row.first_failed_at,
      lastFailedAt: row.last_failed_at,
    }));
  }

  /**
   * @returns the number of events.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async retry(selection: unknown, options: unknown): Promise<number> {
    const { ids, handler } = (selection ?? {}) as { ids?: unknown; handler?: unknown };
    const { actor } = (options ?? {}) as { actor?: unknown };
    const issues: Issue[] = [
      ...((ids === undefined) === (handler === undefined)
        ? [{ field: 'ids', problem: 'must be there if there is no handler, and not otherwise' }]
        : []),
      ...(ids === undefined || isIds(ids) ? [] : [{ field: 'ids', problem: 'must be a list of ids of events' }]),
      ...(handler === undefined ? [] : checkText('handler', handler)),
      ...checkText('actor', actor),
    ];
    if (issues.length > 0) throw invalidCommand(issues);
    const [row] = await this.database.run(retryFailedEvents, {
      account: this.account,
      ids: (ids as readonly string[] | undefined) ?? null,
      handler: (handler as string | undefined) ?? null,
      actor: actor as string,
    });
    return row?.count ?? 0;
  }
}

function isIds(value: unknown): boolean {
  return Array.isArray(value) && value.every((id) => typeof id === 'string' && isRowId(id));
}
