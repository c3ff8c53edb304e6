import { Logger } from '@nestjs/common';
import type { SmsService } from 'nestjs-laaffic';
import type { MessageAcceptance, OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import { claimConversions, finishConversions, postponeConversions } from '../sql/generated.js';

/** Number of requests at once. */
const STEP = 16;
const TIMEOUT_MS = 10_000;
/** Longer than all of a step takes. If the process dies, another one continues after this time. */
const LEASE_MS = 120_000;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 6 * 60 * 60_000;
const GIVEN_UP_AFTER_MS = 24 * 60 * 60_000;
const FAILURE = 'Conversions cannot be reported';

/** An approval that the platform has not been told about. */
interface Conversion {
  readonly id: string;
  readonly messageIds: readonly string[];
  readonly at: Date;
}

/** What became of a conversion. */
interface Result {
  readonly id: string;
  readonly status: 'reported' | 'nothing to report' | 'too early' | 'failed';
  readonly error?: unknown;
}

/**
 * Tells the platform which messages were used. A failure is retried after a minute, then with back-off up to six hours, and
 * given up a day after the approval. If the process dies after a request, it is repeated, which does no harm.
 */
export class Conversions {
  readonly #logger = new Logger('LaafficVerify');

  /** @param now the time, for tests. @default the server's */
  constructor(
    private readonly extension: OutboxExtension,
    private readonly sms: Pick<SmsService, 'confirmConversion'>,
    private readonly now: () => Date | undefined = () => undefined,
  ) {}

  /** Reports some that are due. @returns whether there may be more. */
  async run(): Promise<boolean> {
    const { account } = this.extension;
    const rows = await this.extension.runInBackground(claimConversions, {
      ...{ account, leaseMs: LEASE_MS, limit: STEP, now: this.now() ?? null },
    });
    if (rows.length === 0) return false;
    const due = rows.map(({ id, message_ids, approved_at }) => ({ id, messageIds: message_ids, at: approved_at }));
    const acceptances = await this.#read(due);
    const results = await Promise.all(due.map((one) => this.#report(one, acceptances)));
    this.#log(results);
    const idsOf = (...statuses: Result['status'][]) =>
      results.filter(({ status }) => statuses.includes(status)).map(({ id }) => id);
    await this.extension.runInBackground(finishConversions, { ids: idsOf('reported', 'nothing to report') });
    await this.#postpone(idsOf('failed', 'too early'), new Set(idsOf('failed')));
    return rows.length === STEP;
  }

  async #read(due: readonly Conversion[]): Promise<ReadonlyMap<string, MessageAcceptance>> {
    const messages = await this.extension.readAcceptances(due.flatMap(({ messageIds }) => messageIds));
    return new Map(messages.map((message) => [message.id, message]));
  }

  async #report(
    { id, messageIds, at }: Conversion,
    acceptances: ReadonlyMap<string, MessageAcceptance>,
  ): Promise<Result> {
    const messages = messageIds.flatMap((messageId) => acceptances.get(messageId) ?? []);
    // All messages of a verification may have the same code. The newest one that was sent is the likeliest.
    const used = messages.findLast(({ msgId, number }) => msgId !== undefined && number !== undefined);
    if (used?.number === undefined) {
      return { id, status: messages.some(({ isOpen }) => isOpen) ? 'too early' : 'nothing to report' };
    }
    const { number, msgId } = used;
    try {
      await this.sms.confirmConversion({ number, msgId, at }, { timeoutMs: TIMEOUT_MS });
      return { id, status: 'reported' };
    } catch (error) {
      return { id, status: 'failed', error };
    }
  }

  /** Single failures are not logged before they are given up. */
  #log(results: readonly Result[]): void {
    const failed = results.find(({ status }) => status === 'failed');
    if (results.some(({ status }) => status === 'reported')) this.extension.resolve(FAILURE);
    else if (failed !== undefined) this.extension.report(FAILURE, failed.error);
  }

  async #postpone(ids: readonly string[], failed: ReadonlySet<string>): Promise<void> {
    if (ids.length === 0) return;
    const pauses = { firstPauseMs: FIRST_PAUSE_MS, longestPauseMs: LONGEST_PAUSE_MS, keptMs: GIVEN_UP_AFTER_MS };
    const rows = await this.extension.runInBackground(postponeConversions, {
      ...{ ids, ...pauses, now: this.now() ?? null },
    });
    const givenUp = rows.filter((row) => row.is_given_up && failed.has(row.id)).map(({ id }) => id);
    if (givenUp.length === 0) return;
    this.#logger.error(
      `Conversions were given up, because they could not be reported for a day: those of the verifications ${givenUp.join(', ')}`,
    );
  }
}
