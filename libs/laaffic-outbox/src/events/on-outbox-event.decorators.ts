import { SetMetadata } from '@nestjs/common';
import { EMITTED_STATES, type EmittedState, type FinishedCampaign, type RecipientStateEvent } from './outbox-events.js';

/** A decorator for methods that take `T` or nothing. */
export type OutboxHandlerDecorator<T> = <M extends (event: T) => unknown>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** The changes that a method handles. */
export interface RecipientStateFilter {
  /** @default all states */
  readonly state?: EmittedState | readonly EmittedState[] | undefined;
}

// A string, not a symbol: the ESM and the CommonJS copy of this package must recognize each other's marks.
const RECIPIENT_STATE = 'nestjs-laaffic-outbox:on-recipient-state';
const CAMPAIGN_DONE = 'nestjs-laaffic-outbox:on-campaign-done';

/**
 * Calls the method for each change of a recipient's state: `accepted`, `delivered`, `failed`, `rejected`, `cancelled`,
 * `unknown`, `held`, `abandoned`. It does not matter which process made the change, or whether a report was pushed,
 * fetched or found by a lookup.
 *
 * - **Delivery**: after the commit and at least once, in any process with such a method, also with `worker: false`.
 * - **Order**: the changes of one message arrive in order.
 * - **Failures**: if a method throws or rejects, all methods are called again for the same changes, after 1 s and then
 *   with back-off up to 10 min. Later changes of the same message wait. If the process dies, another process continues
 *   within a minute. After 7 days a change is dropped and logged.
 * - **Concurrency**: a process handles events of up to 16 messages at once. Shutdown waits for the running methods.
 * - **Several processes**: all processes that decorate methods for a state must have the same methods for it, because
 *   only one of them is called.
 * - **Start and end**: changes are recorded from the first boot of such a process until 7 days after the last one was
 *   running.
 *
 * The class must be a singleton, not request-scoped. Guards, interceptors and pipes do not run.
 * @throws {TypeError} if `state` contains an unknown state.
 * @example
 * @Injectable()
 * export class Orders {
 *   @OnRecipientState({ state: ['delivered', 'failed'] })
 *   async markSms({ reference, recipients }: RecipientStateEvent): Promise<void> {
 *     for (const { number, state } of recipients) await this.orders.update(reference, { number, smsState: state });
 *   }
 * }
 */
export function OnRecipientState({
  state = EMITTED_STATES,
}: RecipientStateFilter = {}): OutboxHandlerDecorator<RecipientStateEvent> {
  const states: readonly EmittedState[] = Array.isArray(state) ? state : [state];
  const isRight = states.length > 0 && states.every((one) => EMITTED_STATES.includes(one));
  if (!isRight)
    throw new TypeError(`@OnRecipientState({ state }) takes ${EMITTED_STATES.join(', ')}, or a list of them`);
  return (target, name, descriptor) => {
    // A method with two decorators handles the states of both.
    const before = descriptor.value === undefined ? [] : statesOf(descriptor.value);
    SetMetadata(RECIPIENT_STATE, [...before, ...states])(target, name, descriptor);
  };
}

/**
 * Calls the method when a campaign is done, and again if it ran again and is done again. Cancelled campaigns do not
 * count. Delivery, order and failures are as for {@link OnRecipientState}.
 * @example
 * @OnCampaignDone()
 * async report({ name, delivered, failed }: FinishedCampaign): Promise<void> {
 *   await this.mail.send(`${name}: ${delivered} delivered, ${failed} failed`);
 * }
 */
export function OnCampaignDone(): OutboxHandlerDecorator<FinishedCampaign> {
  return (target, name, descriptor) => {
    SetMetadata(CAMPAIGN_DONE, true)(target, name, descriptor);
  };
}

/** The states that the method handles; empty without the decorator. */
export function statesOf(method: object): readonly EmittedState[] {
  return (Reflect.getMetadata(RECIPIENT_STATE, method) as readonly EmittedState[] | undefined) ?? [];
}

/** Whether the method handles finished campaigns. */
export function takesCampaignDone(method: object): boolean {
  return Reflect.getMetadata(CAMPAIGN_DONE, method) === true;
}
