import { Injectable } from '@nestjs/common';
import type { DeliveryReport, DeliveryState, SmsReceipt } from 'nestjs-laaffic';

/** What the service knows of one message. */
export interface KnownMessage {
  readonly orderId: string;
  readonly msgId: string | undefined;
  readonly number: string;
  /** `accepted`, `rejected` and `unknown` by the answer to its sending, later by its report. */
  readonly state: 'accepted' | 'rejected' | 'unknown' | Exclude<DeliveryState, 'not-found'>;
  readonly reason?: string;
  /** When the platform reported it. */
  readonly reportedAt?: Date;
}

const MOST_MESSAGES = 100_000;

/**
 * The latest messages of this process and where they are. States only move on: a final report is
 * never taken back by one that comes late, twice, or before the answer to the sending.
 */
@Injectable()
export class MessageLog {
  readonly #byOrderId = new Map<string, KnownMessage>();
  readonly #orderIds = new Map<string, string>();
  /** Reports that overtook the answer which names their message. */
  readonly #early = new Map<string, DeliveryReport>();

  /** Takes down what became of each recipient. */
  record(receipt: SmsReceipt): void {
    for (const { orderId, msgId, number } of receipt.accepted) {
      this.#put({ orderId, msgId, number, state: 'accepted' });
      const early = this.#early.get(msgId);
      this.#early.delete(msgId);
      if (early !== undefined) this.report(early);
    }
    for (const { orderId, msgId, number, reason } of receipt.rejected) {
      this.#put({ orderId, msgId, number, reason, state: 'rejected' });
    }
    for (const { orderId, msgId, number, reason } of receipt.unknown) {
      this.#put({ orderId, msgId, number, reason, state: 'unknown' });
    }
  }

  /** Moves the message of a report on, or keeps the report until its message is known. */
  report(report: DeliveryReport): void {
    const { msgId, state, reason, at } = report;
    if (state === 'not-found') return;
    const message = this.find(report.orderId ?? '') ?? this.find(this.#orderIds.get(msgId) ?? '');
    if (message === undefined) {
      keepLatest(this.#early, msgId, report);
      return;
    }
    if (message.state === 'delivered' || message.state === 'failed') return;
    const { orderId, number } = message;
    const told = { ...(reason === undefined ? {} : { reason }), ...(at === undefined ? {} : { reportedAt: at }) };
    this.#put({ orderId, msgId, number, state, ...told });
  }

  find(orderId: string): KnownMessage | undefined {
    return this.#byOrderId.get(orderId);
  }

  #put(message: KnownMessage): void {
    const dropped = keepLatest(this.#byOrderId, message.orderId, message);
    if (dropped?.msgId !== undefined) this.#orderIds.delete(dropped.msgId);
    if (message.msgId !== undefined) this.#orderIds.set(message.msgId, message.orderId);
  }
}

/** Adds to a bounded map; returns what had to go. */
function keepLatest<V>(map: Map<string, V>, key: string, value: V): V | undefined {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MOST_MESSAGES) return undefined;
  const [oldest] = map;
  if (oldest === undefined) return undefined;
  map.delete(oldest[0]);
  return oldest[1];
}
