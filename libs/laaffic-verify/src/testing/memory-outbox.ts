import type { SqlTransaction } from 'nestjs-laaffic-outbox';
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
export class MemoryOutbox {
  #sent: SentCode[] = [];

  constructor(private readonly now: () => Date) {}

  /** The last messages, oldest first. */
  get sent(): readonly SentCode[] {
    return [...this.#sent];
  }

  send(message: Omit<SentCode, 'sentAt'>, transaction: SqlTransaction | undefined): void {
    const sent = this.#sent;
    const commit = () => {
      sent.push({ ...message, sentAt: this.now() });
      if (sent.length > MOST_MESSAGES) sent.shift();
    };
    if (!(transaction instanceof MemoryTransaction)) commit();
    else
      transaction.hold((isCommitted) => {
        if (isCommitted) commit();
      });
  }

  /** Forgets everything, also what open transactions will send. */
  clear(): void {
    this.#sent = [];
  }
}
