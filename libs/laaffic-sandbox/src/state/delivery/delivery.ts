import type { AcceptedMessage } from '../../history/records.js';

export const DELIVERY_STATES = ['queued', 'sending', 'delivered', 'failed'] as const;

/** The delivery state of a message. `delivered` and `failed` are final. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** The delivery of a message at a moment. `null` means that the message has no outcome yet. */
export interface Delivery {
  readonly state: DeliveryState;
  /** `'0'` for a delivered message, or why it failed. */
  readonly reason: string | null;
  /** Time of the outcome by the gateway's clock, in milliseconds since 1970. */
  readonly doneAt: number | null;
}

/** What becomes of a message over time. The messages of one call share it. */
export interface DeliveryPlan {
  readonly queuedUntil: number;
  readonly doneAt: number;
  /** Why the message will fail, or `undefined` if it will be delivered. */
  readonly failure: string | undefined;
}

export interface TrackedMessage {
  readonly message: AcceptedMessage;
  readonly plan: DeliveryPlan;
  /** A delivery that was set by hand and replaces the plan. */
  fixedDelivery: Delivery | undefined;
  /** Whether a report will be pushed when the message is done. */
  isReportDue: boolean;
}

export function deliveryOf({ plan, fixedDelivery }: TrackedMessage, now: number): Delivery {
  if (fixedDelivery !== undefined) return fixedDelivery;
  if (now >= plan.doneAt) return plannedOutcome(plan, plan.doneAt);
  return { state: now >= plan.queuedUntil ? 'sending' : 'queued', reason: null, doneAt: null };
}

/** The outcome a plan leads to, at the planned time or at another. */
export function plannedOutcome({ failure }: DeliveryPlan, doneAt: number): Delivery {
  return { state: failure === undefined ? 'delivered' : 'failed', reason: failure ?? '0', doneAt };
}

/** The accepted messages by id. */
export class Deliveries {
  readonly #messages = new Map<string, TrackedMessage>();

  track(tracked: TrackedMessage): void {
    this.#messages.set(tracked.message.msgId, tracked);
  }

  /** In order of acceptance. */
  get all(): Iterable<TrackedMessage> {
    return this.#messages.values();
  }

  find(msgId: string): TrackedMessage | undefined {
    return this.#messages.get(msgId);
  }

  forget(msgId: string): void {
    this.#messages.delete(msgId);
  }

  clear(): void {
    this.#messages.clear();
  }
}
