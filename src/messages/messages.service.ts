import { Inject, Injectable } from '@nestjs/common';
import { invalidCommand, isOrderId, type Issue, type SmsReceipt } from 'nestjs-laaffic';
import { OutboxError, SmsOutbox, type OutboxMessage } from 'nestjs-laaffic-outbox';
import { notFound, readAfterChange } from '../common/errors/outbox-errors.js';
import { linkSignals } from '../common/shutdown/linked-signal.js';
import { ShutdownSignal } from '../common/shutdown/shutdown-signal.js';
import { CONFIGURATION, type Configuration } from '../configuration.js';
import { toMessageDto, toRecipientDto, type MessageDto, type RecipientDto } from './dto/message.dto.js';
import type { SendMessageDto } from './dto/send-message.dto.js';
import type { SendSlot } from './message-admission.js';

/** How a message is sent. */
export interface SendContext {
  /** Who sends the message, for the history. */
  readonly actor: string;
  readonly idempotencyKey: string | undefined;
  /** Whether the caller does not wait for the outcome. */
  readonly isAsync: boolean;
  readonly slot: SendSlot;
  /** Aborts when the client disconnects. */
  readonly clientAbort: AbortSignal;
}

/** Stores single messages in the outbox, waits for their outcomes, and finds them again. */
@Injectable()
export class MessagesService {
  readonly #responseTimeoutMs: number;

  constructor(
    private readonly outbox: SmsOutbox,
    private readonly shutdown: ShutdownSignal,
    @Inject(CONFIGURATION) { responseTimeoutSeconds }: Configuration,
  ) {
    this.#responseTimeoutMs = responseTimeoutSeconds * 1_000;
  }

  /**
   * @returns the message, with its receipt if the outcome is known in time.
   * @throws {LaafficInputException} if a field is invalid.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED`; `OUTBOX_OPTED_OUT` if its only recipient wants no messages; `OUTBOX_DATABASE_UNAVAILABLE` if it is unknown whether the message was stored.
   */
  async send(
    { sendAt, sendBefore, to, content, senderId, reference, onUnconfirmed, purpose, sealed }: SendMessageDto,
    { actor, idempotencyKey, isAsync, slot, clientAbort }: SendContext,
  ): Promise<{ id: string; receipt: SmsReceipt | undefined }> {
    const issues = checkDeadline(sendBefore, idempotencyKey);
    if (issues.length > 0) throw invalidCommand(issues);
    const command = { to, content, senderId };
    const options = {
      actor,
      idempotencyKey,
      reference: reference ?? undefined,
      onUnconfirmed: onUnconfirmed ?? undefined,
      purpose: purpose ?? undefined,
      sealed: sealed ?? undefined,
      ...(sendBefore == null ? {} : { sendBefore: new Date(sendBefore) }),
    };
    if (isAsync || sendAt != null || !slot.mayWait) {
      const at = sendAt == null ? {} : { sendAt: new Date(sendAt) };
      const { id, isNew } = await this.outbox.enqueue(command, { ...options, ...at });
      // The outcome of a message that was stored before may be known: the same call reads it.
      return isNew ? { id, receipt: undefined } : this.outbox.send(command, { ...options, ...at, timeoutMs: 0 });
    }
    slot.startWaiting();
    const { signal, unlink } = linkSignals(clientAbort, this.shutdown.deadline);
    try {
      const sent = await this.outbox.send(command, { ...options, timeoutMs: this.#responseTimeoutMs, signal });
      if (sent.receipt !== undefined) slot.resolved();
      return sent;
    } finally {
      unlink();
    }
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async find(id: string): Promise<MessageDto | RecipientDto> {
    const message = await this.outbox.find(id);
    return message === undefined ? this.findByOrderId(id) : toMessageDto(message);
  }

  /**
   * The recipient with an order id. If the id was made for an attempt before the last one: the message.
   * @throws {OutboxError} `OUTBOX_NOT_FOUND`
   */
  async findByOrderId(orderId: string): Promise<MessageDto | RecipientDto> {
    const message = isOrderId(orderId) ? await this.outbox.findByOrderId(orderId) : undefined;
    if (message === undefined) throw notFound('message');
    const recipient = message.recipients.find((one) => one.orderId === orderId);
    return recipient === undefined ? toMessageDto(message) : toRecipientDto(recipient);
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND` */
  async cancel(id: string, actor: string): Promise<MessageDto> {
    await this.outbox.cancel(id, actor);
    return toMessageDto(await readAfterChange(() => this.#get(id)));
  }

  /** @throws {OutboxError} `OUTBOX_NOT_FOUND`, or `OUTBOX_WRONG_STATE` for a part of a campaign. */
  async requireSingle(id: string): Promise<void> {
    const { campaignId } = await this.#get(id);
    if (campaignId === undefined) return;
    throw new OutboxError(
      'OUTBOX_WRONG_STATE',
      `It is a part of campaign ${campaignId}: use the routes of the campaign`,
    );
  }

  async #get(id: string): Promise<OutboxMessage> {
    const message = await this.outbox.find(id);
    if (message === undefined) throw notFound('message');
    return message;
  }
}

/** With an idempotency key, the message may have been sent in time, and the caller reads its outcome now. */
function checkDeadline(sendBefore: string | null | undefined, idempotencyKey: string | undefined): Issue[] {
  if (idempotencyKey !== undefined || sendBefore == null || new Date(sendBefore) > new Date()) return [];
  return [{ field: 'sendBefore', problem: 'must not be over' }];
}
