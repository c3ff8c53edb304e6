import type { SendSms } from 'nestjs-laaffic';
import type { EnqueuedSms, SmsOutbox, SqlTransaction } from 'nestjs-laaffic-outbox';
import { MemoryTransaction } from './memory-table.js';

/** A message with a code. */
export interface SentCode {
  /** The number in E.164, such as `+447400123456`. */
  readonly number: string;
  /** The text, as the phone shows it. */
  readonly content: string;
  readonly code: string;
  /** The id of its verification. */
  readonly verificationId: string;
  readonly sentAt: Date;
}

/** Older messages are dropped, so a long run of tests does not fill the memory. */
const MOST_MESSAGES = 10_000;

/** Keeps messages in memory. A message is sent when the transaction of its verification commits. */
export class MemoryOutbox implements Pick<SmsOutbox, 'enqueue'> {
  readonly #enqueued = new Map<string, Pick<SentCode, 'number' | 'content'>>();
  #sent: SentCode[] = [];
  #ids = 0;

  constructor(private readonly now: () => Date) {}

  /** The last messages, oldest first. */
  get sent(): readonly SentCode[] {
    return [...this.#sent];
  }

  /** A verification has one recipient, as text. */
  enqueue({ to, content }: SendSms & { readonly to: string }): Promise<EnqueuedSms> {
    this.#ids += 1;
    const id = String(this.#ids);
    this.#enqueued.set(id, { number: to, content });
    return Promise.resolve({ id, isNew: true });
  }

  /** Says which code a message has, and sends it. */
  send(id: string, details: Pick<SentCode, 'code' | 'verificationId'>, transaction: SqlTransaction | undefined): void {
    const message = this.#enqueued.get(id);
    this.#enqueued.delete(id);
    if (message === undefined) return;
    const sent = this.#sent;
    const commit = () => {
      sent.push({ ...message, ...details, sentAt: this.now() });
      if (sent.length > MOST_MESSAGES) sent.shift();
    };
    if (!(transaction instanceof MemoryTransaction)) commit();
    else
      transaction.hold((isCommitted) => {
        if (isCommitted) commit();
      });
  }

  /** Forgets everything, also what open transactions have enqueued. */
  clear(): void {
    this.#enqueued.clear();
    this.#sent = [];
  }
}
