import { invalidCommand, type SendSms } from 'nestjs-laaffic';
import type { CallersDatabase } from '../database/callers-database.js';
import { Database } from '../database/database.js';
import { checkSchema, type Release } from '../database/migrate.js';
import { databaseError, readDatabaseFailure } from '../errors/database-failure.js';
import { OutboxError } from '../errors/outbox.error.js';
import { callHandler } from '../events/handler-call.js';
import type { SmsPrice } from '../costs/prices.js';
import { withMessage, type DecidedMessage, type Decision, type DecisionParams } from '../messages/decided-message.js';
import { MessageWriter } from '../messages/message-writer.js';
import { readMessage, type MessageOptions } from '../messages/read-message.js';
import { PeriodicTask, type PeriodicTaskPlan } from '../runtime/periodic-task.js';
import type { SqlTransaction } from '../sql-transaction.js';
import { readAcceptances, redactFinishedMessages } from '../sql/generated.js';
import type { Statement } from '../sql/statement.js';
import { SmsCosts } from '../sms-costs.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** Where the tables of an extension are. */
export interface ExtensionOptions {
  /** The name of the schema. It needs no quotes. */
  readonly schema: string;
  /** Whether to migrate the schema. Otherwise it is only checked. */
  readonly migrate: boolean;
}

/** What the outbox knows about a message to one recipient. */
export interface MessageAcceptance {
  readonly id: string;
  /** Missing if it was erased. */
  readonly number?: string;
  /** Missing if the gateway has not accepted the message, as far as is known. */
  readonly msgId?: string;
  /** Whether it is not known yet if the gateway accepts the message. */
  readonly isOpen: boolean;
}

/** How long a report may still prove that a message without a response was sent, in milliseconds. */
const EVIDENCE_MS = 24 * 60 * 60_000;

/**
 * The tables of another package in the database of an outbox. They share its connections, so a row of theirs and a
 * message can be committed together.
 */
export class OutboxExtension {
  readonly #writer: MessageWriter;
  /** What decides about messages, each joined with what stores one. */
  readonly #decisions = new Map<object, DecidedMessage<Decision>>();

  private constructor(
    private readonly store: OutboxStore,
    private readonly callers: CallersDatabase,
    private readonly database: Database,
    private readonly release: Release,
  ) {
    this.#writer = new MessageWriter(store);
  }

  /**
   * Migrates or checks the schema.
   * @param store inject it with `getOutboxStoreToken(account)`.
   * @throws {OutboxError} `OUTBOX_SCHEMA_MISSING`, `OUTBOX_SCHEMA_TOO_NEW`, or a code of the database.
   */
  static async open(store: OutboxStore, release: Release, options: ExtensionOptions): Promise<OutboxExtension> {
    const { schema, migrate } = options;
    await store.prepareSchema(release, schema, migrate);
    const { marker } = release;
    return new OutboxExtension(
      store,
      store.callers.beside(schema, marker),
      store.database.beside(schema, marker),
      release,
    );
  }

  /** The application id of the account. */
  get account(): string {
    return this.store.account;
  }

  /**
   * Runs a statement for a caller of the app.
   * @param transaction where to run it. @default a transaction of its own
   * @throws {OutboxError} a code of the database, and whether the statement may have stored something.
   * @throws the transaction's own error, unchanged.
   */
  run<P extends object, R extends object>(
    statement: Statement<P, R>,
    params: P,
    transaction?: SqlTransaction,
  ): Promise<R[]> {
    return this.callers.runIn(transaction, statement, params);
  }

  /**
   * Runs a statement for a caller of the app that decides whether a message is enqueued, and enqueues it: both or neither,
   * in one round trip.
   * @param decision its parameter `messageId` is the id that the message will have. Its only row says in `enqueues` whether
   * it is enqueued.
   * @param transaction where to run it. @default a transaction of its own
   * @throws {LaafficInputException} naming each wrong field of the message; nothing was stored.
   * @throws as {@link run}; {OutboxError} `OUTBOX_KEY_REUSED` if a message has the idempotency key.
   */
  async runWithMessage<P extends object, R extends Decision>(
    decision: Statement<P & DecisionParams, R>,
    params: P,
    { command, options }: { readonly command: SendSms; readonly options: Omit<MessageOptions, 'sendAt'> },
    transaction?: SqlTransaction,
  ): Promise<R> {
    const { seals, settings, callers } = this.store;
    // Without `sendAt`, nothing depends on the time.
    const read = readMessage(command, options, 0, false, { seals, sealed: settings.sealed });
    if ('issues' in read) throw invalidCommand(read.issues);
    let decided = this.#decisions.get(decision) as DecidedMessage<R> | undefined;
    if (decided === undefined) {
      const both = withMessage(decision);
      // The schema of the outbox; `callers` of the extension put in its own.
      this.#decisions.set(decision, (decided = { ...both, text: callers.textOf(both) }));
    }
    return this.#writer.addDecided(read.message, decided, params, this.callers, transaction);
  }

  /** Runs a statement for recurring work, which no caller of the app waits for. */
  runInBackground<P extends object, R extends object>(statement: Statement<P, R>, params: P): Promise<R[]> {
    return this.database.run(statement, params);
  }

  /**
   * Runs a statement while the app boots. It leaves no connection open, because nothing closes it if the app does not
   * start.
   */
  async runAtBoot<P extends object, R extends object>(statement: Statement<P, R>, params: P): Promise<R[]> {
    const own = Database.open(this.store.settings, () => undefined);
    try {
      return await own.beside(this.database.schema, this.release.marker).run(statement, params);
    } finally {
      await own.close();
    }
  }

  /**
   * Reads what became of messages to one recipient each.
   * @param ids the ids that `enqueue` returned.
   * @returns them in the order of the ids; none for a message that was deleted.
   */
  async readAcceptances(ids: readonly string[]): Promise<MessageAcceptance[]> {
    if (ids.length === 0) return [];
    const rows = await this.store.database.run(readAcceptances, { account: this.account, ids });
    return ids.flatMap((id) => {
      const parts = rows.filter((row) => row.id === id);
      if (parts.length === 0) return [];
      const sent = parts.find(({ msg_id }) => msg_id !== null);
      const number = (sent ?? parts.at(-1))?.number;
      return [
        {
          id,
          ...(number === null || number === undefined || number === '' ? {} : { number }),
          ...(sent?.msg_id == null ? {} : { msgId: sent.msg_id }),
          isOpen: sent === undefined && parts.some(({ is_open }) => is_open),
        },
      ];
    });
  }

  /**
   * Reads the prices of the account, as `SmsCosts.getPrices`.
   * @throws {OutboxError} a code of the database.
   */
  readPrices(): Promise<SmsPrice[]> {
    return new SmsCosts(this.store).getPrices();
  }

  /**
   * Erases the numbers of messages whose purpose is over, without waiting for the retention period, and the gateway's
   * reasons. States, ids and idempotency keys stay: a report that comes later finds the message by its message id, and a
   * keyed fingerprint still tells whether a key is used for another message. Event handlers get no number any more.
   *
   * A message waits until its outcome is known, and for 24 hours more if nobody can tell whether it was sent: only a
   * report with its number could prove that. A push that could not be read may contain a number until the end of the
   * retention period, and a report of no known message for 24 hours.
   * @param ids the ids that `enqueue` returned.
   * @returns the ids of the messages that wait: call it again later.
   */
  async redactMessages(ids: readonly string[]): Promise<readonly string[]> {
    if (ids.length === 0) return [];
    const step = { account: this.account, ids, evidenceMs: EVIDENCE_MS };
    const [row] = await this.store.database.run(redactFinishedMessages, step);
    return row?.waiting ?? [];
  }

  /** Whether a test does the recurring work of this process. Then do not start it. */
  get isManual(): boolean {
    return this.store.isManual;
  }

  /** Logs a failure of recurring work once, until {@link resolve}. @param part a sentence without its full stop. */
  report(part: string, error: unknown): void {
    this.store.errors.report(part, error);
  }

  /** Tells that what has failed works again. */
  resolve(part: string): void {
    this.store.errors.resolve(part);
  }

  /**
   * Calls a handler of the app, and logs once that it fails and once that it works again. Never rejects.
   * @param name the name of the handler.
   * @returns the name of the error if it failed.
   */
  callHandler(name: string, call: () => unknown): Promise<string | undefined> {
    return callHandler(name, this.store.errors, call);
  }

  /**
   * Checks that the database responds, and that the release which {@link open} got can still work with the schema.
   * @throws {OutboxError} `OUTBOX_SCHEMA_MISSING`, `OUTBOX_SCHEMA_TOO_NEW`, or a code of the database.
   */
  async checkSchema(): Promise<void> {
    const { pool, schema } = this.database;
    try {
      await checkSchema(pool, schema, this.release);
    } catch (error) {
      throw error instanceof OutboxError ? error : databaseError(readDatabaseFailure(error), error);
    }
  }

  /** Recurring work, whose failures the outbox logs. Start and stop it with the app. */
  periodicTask(plan: Omit<PeriodicTaskPlan, 'errors'>): PeriodicTask {
    return new PeriodicTask({ ...plan, errors: this.store.errors });
  }

  /** Waits for work that is about to end at the shutdown of the app, as long as the outbox itself may take. */
  drain(work: Promise<unknown>): Promise<void> {
    return this.store.drain(work);
  }
}
