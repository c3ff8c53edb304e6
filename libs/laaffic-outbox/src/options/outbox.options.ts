import type { Pool } from 'pg';

/** The two lanes: messages that somebody waits for, and all others. */
export type Lane = 'priority' | 'bulk';

/** What `LaafficOutboxModule.forRoot` takes and `forRootAsync` makes. */
export interface LaafficOutboxOptions {
  /** Where the ledger is: a PostgreSQL URL, or the app's own `pg.Pool`, which the module never closes. */
  readonly database: string | Pool;
  /**
   * The most connections of the pool that is opened for a URL: 5 or more where this process sends. One more
   * listens, and each campaign has one of its own while it is created. A `pg.Pool` has its own `max`.
   * @default 10
   */
  readonly connections?: number | undefined;
  /**
   * The schema that holds the ledger's tables: lower-case letters, digits and underscores.
   * @default 'laaffic_outbox'
   */
  readonly schema?: string | undefined;
  /**
   * Whether the schema is brought up to date at boot. Without, the boot fails if it is not, and
   * `migrateOutbox(pool)` has to run before.
   * @default true
   */
  readonly migrate?: boolean | undefined;
  /**
   * Whether this process sends, and how much at once. Without, it only takes messages in.
   * @default true
   */
  readonly worker?: boolean | OutboxWorkerOptions | undefined;
  /**
   * What the account may send, over all workers together; give all workers the same. Set it some ten per
   * cent below what the gateway grants: after a fault, requests may arrive closer together than they left.
   * @default no limit
   */
  readonly rate?: OutboxRateOptions | undefined;
  readonly timing?: OutboxTimingOptions | undefined;
  /** What happens to messages whose outcome nobody could find out within `timing.grace`. */
  readonly afterGrace?: AfterGraceOptions | undefined;
  /**
   * How long numbers, texts and the gateway's reasons are kept after a message or a campaign is over, in
   * milliseconds, at most 100 years; counters, states and the journal stay. `false` keeps everything.
   * @default 7776000000, 90 days
   */
  readonly retention?: number | false | undefined;
}

/** How much a worker does at once. */
export interface OutboxWorkerOptions {
  /**
   * Requests of the priority lane under way at once.
   * @default 20
   */
  readonly prioritySlots?: number | undefined;
  /**
   * Requests of the bulk lane under way at once.
   * @default 6
   */
  readonly bulkSlots?: number | undefined;
  /**
   * How long an idle lane waits before it looks again although nobody called it, in milliseconds.
   * @default 1000
   */
  readonly poll?: number | undefined;
}

/** What the account may send. */
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

/** How long things may take, and are waited for; all in milliseconds, at most 2147483647, some 24 days. */
export interface OutboxTimingOptions {
  /**
   * How long after its claim a request may begin at the latest. A process that was frozen longer sends
   * nothing any more.
   * @default 5000
   */
  readonly startWithin?: number | undefined;
  /**
   * How long a request may take.
   * @default 30000
   */
  readonly timeout?: number | undefined;
  /**
   * After what time a chunk without an answer counts as unknown, whatever became of its worker: more
   * than `startWithin` and `timeout` together.
   * @default 60000
   */
  readonly lease?: number | undefined;
  /**
   * How long proof is waited for that an unknown message was taken, before it is held.
   * @default 900000, 15 minutes
   */
  readonly grace?: number | undefined;
  /**
   * How often at most the sent records of the gateway are looked through for unknown messages: for each as
   * soon as it is unknown, when its age has doubled since, and once more before `grace` is over. `false` never.
   * @default 60000
   */
  readonly lookup?: number | false | undefined;
  /**
   * After what time the gateway is asked for reports that were not pushed; then again and again, at longer
   * intervals, for three days. `false` never.
   * @default 900000, 15 minutes
   */
  readonly reportsAfter?: number | false | undefined;
}

/**
 * `hold` waits for a person; `resend` sends again, which may double a message; `abandon` leaves them
 * unknown for ever.
 */
export type AfterGrace = 'hold' | 'resend' | 'abandon';

/** One decision for each lane. */
export interface AfterGraceOptions {
  /** @default 'hold' */
  readonly priority?: AfterGrace | undefined;
  /** @default 'hold' */
  readonly bulk?: AfterGrace | undefined;
}
