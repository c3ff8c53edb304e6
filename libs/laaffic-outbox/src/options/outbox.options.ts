import type { Pool } from 'pg';
import type { ReplyKeywordOptions } from '../replies/reply-keywords.js';
import type { GivenPrice } from './given-prices.js';

/** Both lanes. */
export const LANES = ['priority', 'bulk'] as const;
/** The two lanes: `priority` for messages that a person waits for, `bulk` for everything else. */
export type Lane = (typeof LANES)[number];

/** What messages are for. */
export const PURPOSES = ['otp', 'transactional', 'marketing'] as const;
/**
 * What a message is for: `otp` for one-time passwords, which also reach people who have opted out, `transactional` for
 * what a person is waiting for or has to know, `marketing` for everything else.
 */
export type MessagePurpose = (typeof PURPOSES)[number];

/** A key of 32 random bytes, as base64 text or as bytes: `openssl rand -base64 32`. */
export type SealKey = string | Uint8Array;

/** The options of `LaafficOutboxModule.forRoot` and `forRootAsync`. */
export interface LaafficOutboxOptions {
  /**
   * Where messages are stored: a PostgreSQL URL, or the app's own `pg.Pool`. The module never closes the app's pool.
   */
  readonly database: string | Pool;
  /**
   * The maximum number of connections in the pool for a URL. A process that sends needs at least 5. One more connection
   * listens. A `pg.Pool` has its own `max`.
   * @default 10
   */
  readonly connections?: number | undefined;
  /**
   * A PostgreSQL URL for the connection that listens for notifications. Give it if `database` leads to a pooler in
   * transaction mode, such as PgBouncer: this URL must lead to the server directly. The outbox then changes no session of
   * `database`.
   * @default the connection parameters of `database`
   */
  readonly listenUrl?: string | undefined;
  /**
   * Whether processes notify each other and listen. If `false`, messages of other processes wait for the next poll.
   * Configure the same for all processes.
   * @default true
   */
  readonly notify?: boolean | undefined;
  /**
   * The schema of the outbox tables: lower-case letters, digits and underscores.
   * @default 'laaffic_outbox'
   */
  readonly schema?: string | undefined;
  /**
   * Whether to migrate the schema at boot. If `false`, run `migrateOutbox(pool)` before; the boot fails if the schema
   * is not up to date.
   * @default true
   */
  readonly migrate?: boolean | undefined;
  /**
   * Whether this process sends, and how much at once. If `false`, it only enqueues.
   * @default true
   */
  readonly worker?: boolean | OutboxWorkerOptions | undefined;
  /**
   * How much the account may send, over all workers together. Configure the same for all workers. Stay about 10 % below
   * the limit of the gateway: after a fault, requests may arrive closer together than they were sent.
   * @default no limit
   */
  readonly rate?: OutboxRateOptions | undefined;
  readonly timing?: OutboxTimingOptions | undefined;
  /**
   * What happens to messages whose outcome is still unknown after `timing.gracePeriodMs`. Messages and campaigns may have
   * an `onUnconfirmed` of their own.
   */
  readonly onUnconfirmed?: UnconfirmedOptions | undefined;
  readonly events?: OutboxEventsOptions | undefined;
  /** What replies mean, and what a STOP ends. */
  readonly replies?: OutboxReplyOptions | undefined;
  /**
   * How long to keep numbers, texts and the gateway's reasons after a message or a campaign ended, in milliseconds, at
   * most 100 years. Counters, states and the history stay until `deleteAfterMs`. `false` keeps everything for ever.
   * @default 7776000000, 90 days
   */
  readonly retentionMs?: number | false | undefined;
  /**
   * When to delete messages and campaigns with everything that belongs to them, in milliseconds after they ended, at
   * least `retentionMs` and at most 100 years. The history of the account is deleted after the same time. `false` keeps
   * for ever what `retentionMs` leaves.
   * @default 15552000000, 180 days; `retentionMs` if that is longer; `false` if `retentionMs` is `false`
   */
  readonly deleteAfterMs?: number | false | undefined;
  /**
   * How long an idempotency key is known after its message or campaign ended, in milliseconds, at most 100 years. It
   * does not depend on when that is deleted. After this time the same call sends again. `false` keeps keys for ever.
   * @default 2592000000, 30 days
   */
  readonly idempotencyKeysKeptMs?: number | false | undefined;
  /**
   * Keys for `sealed` messages, at most 10. The first one seals, and all of them open. Give the same keys to all
   * processes, and keep them out of the database and its backups. A worker leaves messages alone whose key it lacks.
   * @default none; then no message can be sealed
   */
  readonly sealKeys?: readonly SealKey[] | undefined;
  /**
   * Whether messages are sealed that do not say so themselves; not campaigns. Needs `sealKeys`.
   * @default false
   */
  readonly sealed?: boolean | undefined;
  /**
   * What one part of an SMS costs, by the ISO code of the country, until 20 parts to it were charged in 30 days. Then
   * the price of the delivery reports counts.
   * @default {}
   * @example { GB: { price: '0.04', currency: 'EUR' } }
   */
  readonly prices?: Readonly<Record<string, GivenPrice>> | undefined;
}

/** How much a worker does at once. */
export interface OutboxWorkerOptions {
  /**
   * The maximum number of concurrent requests of the priority lane.
   * @default 20
   */
  readonly prioritySlots?: number | undefined;
  /**
   * The maximum number of concurrent requests of the bulk lane.
   * @default 6
   */
  readonly bulkSlots?: number | undefined;
  /**
   * How often an idle lane polls, in milliseconds. Notifications wake it earlier.
   * @default 1000
   */
  readonly pollIntervalMs?: number | undefined;
}

/** How much the account may send. */
export interface OutboxRateOptions {
  /** @default no limit */
  readonly recipientsPerSecond?: number | undefined;
  /** @default no limit */
  readonly requestsPerSecond?: number | undefined;
  /**
   * The share of each burst that the bulk lane leaves to the priority lane, from 0 to 0.9.
   * @default 0.2
   */
  readonly priorityShare?: number | undefined;
}

/** Time limits and intervals, all in milliseconds, at most 2147483647 (about 24 days). */
export interface OutboxTimingOptions {
  /**
   * How long after its claim a request may start. A process that was suspended for longer sends nothing.
   * @default 5000
   */
  readonly startWithinMs?: number | undefined;
  /**
   * The time limit of one request.
   * @default 30000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How long a chunk may be `sending` before it counts as unknown, even if its worker died. Must be longer than
   * `startWithinMs` and `timeoutMs` together.
   * @default 60000
   */
  readonly leaseMs?: number | undefined;
  /**
   * How long to wait for evidence that an unknown message was accepted, before `onUnconfirmed` applies.
   * @default 900000, 15 minutes
   */
  readonly gracePeriodMs?: number | undefined;
  /**
   * The minimum interval between lookups in the gateway's sent records for unknown messages. A message is looked up as
   * soon as it is unknown, each time its age has doubled, and once more before `gracePeriodMs` ends. `false` disables
   * lookups.
   * @default 60000
   */
  readonly lookupIntervalMs?: number | false | undefined;
  /**
   * When to fetch delivery reports that were not pushed. Fetching repeats at growing intervals for three days. `false`
   * disables it.
   * @default 900000, 15 minutes
   */
  readonly reportsAfterMs?: number | false | undefined;
  /**
   * How often to list what people have written, in case a push was missed. `false` disables it.
   * @default 3600000, an hour
   */
  readonly inboundIntervalMs?: number | false | undefined;
}

/** What replies mean. */
export interface OutboxReplyOptions {
  /** Further keywords, keywords that mean something else to this app, and replies that are never opt-outs. */
  readonly keywords?: ReplyKeywordOptions | undefined;
  /**
   * What a STOP ends: messages of all senders of the account, or of the sender that it was sent to.
   * @default 'account'
   */
  readonly scope?: 'account' | 'sender' | undefined;
}

/** How methods with `@OnRecipientState()` and `@OnCampaignDone()` are called. */
export interface OutboxEventsOptions {
  /**
   * How often a method may fail for the same event, until it is no longer called for it and
   * `SmsOutbox.listFailedEvents` lists the event. The pauses between the tries double from 1 s to 10 hours.
   * @default 20, which takes about two days
   */
  readonly maxTries?: number | undefined;
}

/** What may happen to unconfirmed messages. */
export const UNCONFIRMED_ACTIONS = ['hold', 'resend', 'abandon'] as const;
/**
 * `hold` waits for a manual decision. `resend` sends again, and some recipients may get the message twice. `abandon`
 * leaves the outcome unknown for ever.
 */
export type UnconfirmedAction = (typeof UNCONFIRMED_ACTIONS)[number];

/** What happens to unconfirmed messages, for each lane. */
export interface UnconfirmedOptions {
  /** @default 'hold' */
  readonly priority?: UnconfirmedAction | undefined;
  /** @default 'hold' */
  readonly bulk?: UnconfirmedAction | undefined;
}
