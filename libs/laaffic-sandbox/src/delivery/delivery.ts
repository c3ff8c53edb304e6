import type { AcceptedMessage } from '../ledger/accepted.message.js';

export const deliveryStates = ['queued', 'sending', 'delivered', 'failed'] as const;

export type DeliveryState = (typeof deliveryStates)[number];

/** How far a message has come. */
export interface Delivery {
  readonly state: DeliveryState;
  /** `'0'` for a delivered message, else what went wrong; `null` while it is under way. */
  readonly reason: string | null;
  /** Milliseconds since 1970 when it reached its final state, by the gateway's clock; `null` while it is under way. */
  readonly doneAt: number | null;
}

/** What will become of a message by itself. The messages of one call share it. */
export interface Course {
  readonly queuedUntil: number;
  readonly doneAt: number;
  /** `null` when it will be delivered. */
  readonly failure: string | null;
}

export interface TrackedMessage {
  readonly message: AcceptedMessage;
  readonly course: Course;
  /** Set by hand; takes the place of the course. */
  settled: Delivery | null;
  /** Whether a report will be pushed when its time comes. */
  awaited: boolean;
}

export function deliveryOf({ course, settled }: TrackedMessage, now: number): Delivery {
  if (settled !== null) return settled;
  if (now >= course.doneAt) return outcomeOf(course, course.doneAt);
  return { state: now >= course.queuedUntil ? 'sending' : 'queued', reason: null, doneAt: null };
}

/** The end the course comes to, at another time than its own perhaps. */
export function outcomeOf({ failure }: Course, doneAt: number): Delivery {
  return { state: failure === null ? 'delivered' : 'failed', reason: failure ?? '0', doneAt };
}
