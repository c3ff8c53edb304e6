import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { invalidCommand, type Issue, type SmsReceipt } from 'nestjs-laaffic';
import { SmsOutbox } from 'nestjs-laaffic-outbox';
import { strayFields } from '../http/recipient-fields.js';
import { Stopping } from '../shutdown/stopping.js';
import { untilGone } from '../shutdown/until-gone.js';
import { MessageAdmission } from './message-admission.js';
import type { SendMessageBody } from './send-message.body.js';

/** How a message is sent. */
export interface Sending {
  /** Who sends it, for the history. */
  readonly actor: string;
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
    private readonly admission: MessageAdmission,
    private readonly stopping: Stopping,
    /** For so long, in milliseconds, an outcome is waited for. */
    private readonly answerWithin: number,
  ) {}

  /**
   * @returns the message, with its receipt if it was decided in time.
   * @throws {LaafficInputException} if it is wrong.
   * @throws {BusyException} if the service has enough to do.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED`; `OUTBOX_DATABASE` if nobody knows whether it was taken.
   */
  async send(
    { sendAt, sendBefore, to, content, senderId, reference }: SendMessageBody,
    { actor, idempotencyKey, isAsync, response }: Sending,
  ): Promise<{ id: string; receipt: SmsReceipt | undefined }> {
    const issues = [...strayFields('to', to), ...checkDeadline(sendBefore, idempotencyKey)];
    if (issues.length > 0) throw invalidCommand(issues);
    const command = { to, content, senderId };
    const options = {
      actor,
      idempotencyKey,
      reference: reference ?? undefined,
      ...(sendBefore == null ? {} : { sendBefore: new Date(sendBefore) }),
    };
    const { mayWait, waits, decided } = this.admission.placeOf(response);
    if (isAsync || sendAt != null || !mayWait) {
      const at = sendAt == null ? {} : { sendAt: new Date(sendAt) };
      const { id, isNew } = await this.outbox.enqueue(command, { ...options, ...at });
      // Of a message that was taken before, something may be known: the same call reads it.
      return isNew ? { id, receipt: undefined } : this.outbox.send(command, { ...options, ...at, timeout: 0 });
    }
    waits();
    const sent = await untilGone(response, this.stopping.lastCall, (signal) =>
      this.outbox.send(command, { ...options, timeout: this.answerWithin, signal }),
    );
    if (sent.receipt !== undefined) decided();
    return sent;
  }
}

/** With a key, the message may have been sent in time, and be asked about now. */
function checkDeadline(sendBefore: string | null | undefined, idempotencyKey: string | undefined): Issue[] {
  if (idempotencyKey !== undefined || sendBefore == null || new Date(sendBefore) > new Date()) return [];
  return [{ field: 'sendBefore', problem: 'must not be over' }];
}
