import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { LaafficException, type SmsReceipt } from 'nestjs-laaffic';
import { OutboxError, SmsOutbox } from 'nestjs-laaffic-outbox';
import { Stopping } from '../shutdown/stopping.js';
import { untilGone } from '../shutdown/until-gone.js';
import type { SendMessageBody } from './send-message.body.js';

/** How a message is sent. */
export interface Sending {
  readonly idempotencyKey: string | undefined;
  /** Whether nobody waits for the outcome. */
  readonly isAsync: boolean;
  /** Whose client waits. */
  readonly response: Response;
}

/** Puts messages into the outbox, and waits for their outcomes as long as somebody wants to know. */
@Injectable()
export class MessageSender {
  constructor(
    private readonly outbox: SmsOutbox,
    private readonly stopping: Stopping,
    /** For so long, in milliseconds, an outcome is waited for. */
    private readonly answerWithin: number,
  ) {}

  /**
   * @returns the message, with its receipt if it was decided in time.
   * @throws {LaafficInputException} if it is wrong.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED`; `OUTBOX_DATABASE` if nobody knows whether it was taken.
   */
  async send(body: SendMessageBody, sending: Sending): Promise<{ id: string; receipt: SmsReceipt | undefined }> {
    try {
      return await this.#send(body, sending);
    } catch (cause) {
      if (cause instanceof LaafficException || cause instanceof OutboxError) throw cause;
      throw new OutboxError('OUTBOX_DATABASE', 'The database failed while the message was taken', { cause });
    }
  }

  async #send(
    { sendAt, sendBefore, to, content, senderId }: SendMessageBody,
    { idempotencyKey, isAsync, response }: Sending,
  ): Promise<{ id: string; receipt: SmsReceipt | undefined }> {
    const command = { to, content, senderId };
    const options = { idempotencyKey, ...(sendBefore == null ? {} : { sendBefore: new Date(sendBefore) }) };
    if (isAsync || sendAt != null) {
      const at = sendAt == null ? {} : { sendAt: new Date(sendAt) };
      const { id } = await this.outbox.enqueue(command, { ...options, ...at });
      return { id, receipt: undefined };
    }
    return untilGone(response, this.stopping.lastCall, (signal) =>
      this.outbox.send(command, { ...options, timeout: this.answerWithin, signal }),
    );
  }
}
