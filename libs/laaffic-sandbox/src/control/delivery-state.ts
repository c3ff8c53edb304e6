import { oneOf } from '../options/field-checks.js';
import { SandboxError } from '../sandbox.error.js';
import { UNDELIVERED } from '../state/delivery/delivery-plans.js';
import {
  DELIVERY_STATES,
  deliveryOf,
  type Delivery,
  type DeliveryState,
  type TrackedMessage,
} from '../state/delivery/delivery.js';
import type { Gateway } from '../state/gateway.js';

/** Sets the state of a message by hand. A final state is reported. */
export function setDeliveryState(gateway: Gateway, msgId: string, state: DeliveryState, reason?: string): Delivery {
  const tracked = findMessage(gateway, msgId);
  const expected = oneOf(...DELIVERY_STATES)(state);
  if (expected !== undefined) throw new SandboxError('INVALID_ARGUMENT', `state must be ${expected}`, 'state');
  const isDone = state === 'delivered' || state === 'failed';
  const defaultReason = state === 'delivered' ? '0' : UNDELIVERED;
  gateway.reporter.setDelivery(tracked, {
    state,
    reason: isDone ? (reason ?? defaultReason) : null,
    doneAt: isDone ? gateway.now() : null,
  });
  return deliveryOf(tracked, gateway.now());
}

export function getDelivery(gateway: Gateway, msgId: string): Delivery {
  return deliveryOf(findMessage(gateway, msgId), gateway.now());
}

function findMessage({ deliveries }: Gateway, msgId: string): TrackedMessage {
  const tracked = deliveries.find(msgId);
  if (tracked === undefined) throw new SandboxError('INVALID_ARGUMENT', `No message has the id ${msgId}`, 'msgId');
  return tracked;
}
