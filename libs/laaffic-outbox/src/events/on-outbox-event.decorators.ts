import { SetMetadata } from '@nestjs/common';
import { checkHandlerName } from './handler-methods.js';
import { EMITTED_STATES, type EmittedState, type FinishedCampaign, type RecipientStateEvent } from './outbox-events.js';

/** A decorator for methods that take `T` or nothing. */
export type OutboxHandlerDecorator<T> = <M extends (event: T) => unknown>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** How the outbox knows a handler. */
export interface OutboxHandlerOptions {
  /**
   * The name by which the outbox knows the method: 1 to 200 characters, different from those of all other methods. The
   * events that wait for a method wait for its name. Give it one before you rename the method, its class or its module,
   * or if processes have the class in different modules.
   * @default `Module/Class.method`
   */
  readonly name?: string | undefined;
}

/** The changes that a method handles. */
export interface RecipientStateFilter extends OutboxHandlerOptions {
  /** @default all states */
  readonly state?: EmittedState | readonly EmittedState[] | undefined;
}

// A string, not a symbol: the ESM and the CommonJS copy of this package must recognize each other's marks.
const RECIPIENT_STATE = 'nestjs-laaffic-outbox:on-recipient-state';
const CAMPAIGN_DONE = 'nestjs-laaffic-outbox:on-campaign-done';
const NAME = 'nestjs-laaffic-outbox:handler-name';

/**
 * Calls the method for each change of a recipient's state: `accepted`, `delivered`, `failed`, `rejected`, `cancelled`,
 * `unknown`, `held`, `abandoned`. It does not matter which process made the change, or whether a report was pushed,
 * fetched or found by a lookup.
 *
 * - **Delivery**: after the commit and at least once for each method, in any process that has it, also with
 *   `worker: false`. Processes may have different methods. What one of them does has no effect on the others.
 * - **Order**: the changes of one message reach a method in order.
 * - **Failures**: if the method throws or rejects, it is called again for the same changes, after 1 s and then with
 *   back-off up to 10 hours. Later changes of the same message wait for this method. After 20 tries, which take about two
 *   days, the change becomes a failed event, and the later ones go on: see `SmsOutbox.listFailedEvents`. If the process
 *   dies, another process continues within a minute.
 * - **Concurrency**: a process calls a method for up to 16 messages at once. Shutdown waits for the running calls.
 * - **Start and end**: a method gets the changes since the first boot of a process that has it, until 7 days after the
 *   last one was running.
 *
 * The class must be a singleton, not request-scoped. Guards, interceptors and pipes do not run.
 * @throws {TypeError} if `state` contains an unknown state, or `name` is not a name.
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
  name: handler,
}: RecipientStateFilter = {}): OutboxHandlerDecorator<RecipientStateEvent> {
  checkHandlerName('OnRecipientState', handler);
  const states: readonly EmittedState[] = Array.isArray(state) ? state : [state];
  const isRight = states.length > 0 && states.every((one) => EMITTED_STATES.includes(one));
  if (!isRight)
    throw new TypeError(`@OnRecipientState({ state }) takes ${EMITTED_STATES.join(', ')}, or a list of them`);
  return (target, name, descriptor) => {
    // A method with two decorators handles the states of both.
    const before = descriptor.value === undefined ? [] : statesOf(descriptor.value);
    SetMetadata(RECIPIENT_STATE, [...before, ...states])(target, name, descriptor);
    if (handler !== undefined) SetMetadata(NAME, handler)(target, name, descriptor);
  };
}

/**
 * Calls the method when a campaign is done, and again if it ran again and is done again. Cancelled campaigns do not
 * count. Delivery and failures are as for {@link OnRecipientState}.
 * @throws {TypeError} if `name` is not a name.
 * @example
 * @OnCampaignDone()
 * async report({ name, delivered, failed }: FinishedCampaign): Promise<void> {
 *   await this.mail.send(`${name}: ${delivered} delivered, ${failed} failed`);
 * }
 */
export function OnCampaignDone({ name: handler }: OutboxHandlerOptions = {}): OutboxHandlerDecorator<FinishedCampaign> {
  checkHandlerName('OnCampaignDone', handler);
  return (target, name, descriptor) => {
    SetMetadata(CAMPAIGN_DONE, true)(target, name, descriptor);
    if (handler !== undefined) SetMetadata(NAME, handler)(target, name, descriptor);
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

/** The name that the app gave the method. */
export function handlerNameOf(method: object): string | undefined {
  return Reflect.getMetadata(NAME, method) as string | undefined;
}
