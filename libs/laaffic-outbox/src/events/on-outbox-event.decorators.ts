import { SetMetadata } from '@nestjs/common';
import { EMITTED_STATES, type EmittedState, type FinishedCampaign, type RecipientStateEvent } from './outbox-events.js';

/** Decorates a method that takes `T` or nothing. */
export type OutboxHandlerDecorator<T> = <M extends (event: T) => unknown>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** Which changes a method is called for. */
export interface RecipientStateFilter {
  /** @default all of them */
  readonly state?: EmittedState | readonly EmittedState[] | undefined;
}

// A text and not a symbol: the ESM and the CommonJS copy of this package have to understand each other.
const RECIPIENT_STATE = 'nestjs-laaffic-outbox:on-recipient-state';
const CAMPAIGN_DONE = 'nestjs-laaffic-outbox:on-campaign-done';

/**
 * Calls the method for every change of a recipient's state: `accepted`, `delivered`, `failed`, `rejected`,
 * `cancelled`, `unknown`, `held`, `abandoned`. It does not matter which process made the change, and whether a report
 * was pushed, fetched or found by a lookup.
 *
 * Any process with such a method calls it, also one with `worker: false`, after the commit and at least once. The
 * changes of one message come in their order. If a method throws or rejects, all methods are called again for the same
 * changes, after 1 s and then ever later, up to 10 min, and the later changes of that message wait. If the process
 * dies, another one goes on within a minute. After 7 days a change is given up, with a line in the log.
 *
 * Each process handles the events of up to 16 messages at once, and shuts down when the methods under way have ended.
 * All processes that decorate methods for a state have the same methods for it: only one of them is called. Changes
 * are recorded from the first boot of such a process until 7 days after the last was there.
 *
 * The class of the method is made once, not for each request; neither guards nor interceptors nor pipes run.
 * @throws {TypeError} if `state` names something else.
 */
export function OnRecipientState({
  state = EMITTED_STATES,
}: RecipientStateFilter = {}): OutboxHandlerDecorator<RecipientStateEvent> {
  const states: readonly EmittedState[] = Array.isArray(state) ? state : [state];
  const isRight = states.length > 0 && states.every((one) => EMITTED_STATES.includes(one));
  if (!isRight)
    throw new TypeError(`@OnRecipientState({ state }) takes ${EMITTED_STATES.join(', ')}, or a list of them`);
  return (target, name, descriptor) => {
    // Twice on one method it is called for both.
    const before = descriptor.value === undefined ? [] : statesOf(descriptor.value);
    SetMetadata(RECIPIENT_STATE, [...before, ...states])(target, name, descriptor);
  };
}

/**
 * Calls the method when nothing of a campaign moves any more, again if it ran again; not for cancelled ones.
 * Otherwise as `@OnRecipientState()`.
 */
export function OnCampaignDone(): OutboxHandlerDecorator<FinishedCampaign> {
  return (target, name, descriptor) => {
    SetMetadata(CAMPAIGN_DONE, true)(target, name, descriptor);
  };
}

/** The states that the method is called for; none without the decorator. */
export function statesOf(method: object): readonly EmittedState[] {
  return (Reflect.getMetadata(RECIPIENT_STATE, method) as readonly EmittedState[] | undefined) ?? [];
}

/** Whether the method is called for campaigns that are done. */
export function takesCampaignDone(method: object): boolean {
  return Reflect.getMetadata(CAMPAIGN_DONE, method) === true;
}
