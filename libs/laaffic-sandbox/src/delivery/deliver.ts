import type { Gateway } from '../gateway.js';
import { oneOf } from '../options/field.checks.js';
import { SandboxError } from '../sandbox.error.js';
import { undelivered } from './courses.js';
import { deliveryOf, deliveryStates, type Delivery, type DeliveryState, type TrackedMessage } from './delivery.js';

/** Sets the state of a message by hand; a final one is reported. */
export function deliver(gateway: Gateway, msgId: string, state: DeliveryState, reason: string | null = null): Delivery {
  const tracked = found(gateway, msgId);
  const expected = oneOf(...deliveryStates)(state);
  if (expected !== null) throw new SandboxError('INVALID_ARGUMENT', `state must be ${expected}`, 'state');
  const done = state === 'delivered' || state === 'failed';
  const usual = state === 'delivered' ? '0' : undelivered;
  gateway.reporter.settle(tracked, {
    state,
    reason: done ? (reason ?? usual) : null,
    doneAt: done ? gateway.now() : null,
  });
  return deliveryOf(tracked, gateway.now());
}

export function deliveryFor(gateway: Gateway, msgId: string): Delivery {
  return deliveryOf(found(gateway, msgId), gateway.now());
}

function found({ deliveries }: Gateway, msgId: string): TrackedMessage {
  const tracked = deliveries.find(msgId);
  if (tracked === null) throw new SandboxError('INVALID_ARGUMENT', `No message has the id ${msgId}`, 'msgId');
  return tracked;
}
