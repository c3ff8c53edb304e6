import { SetMetadata } from '@nestjs/common';
import type { DeliveryReport } from '../messages/delivery-report.js';
import type { InboundSms } from '../messages/inbound-sms.js';
import type { Push, UnreadablePush } from './push.js';

/** Decorates a method that takes `T` or nothing. */
export type PushHandlerDecorator<T> = <M extends (push: T) => unknown>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/** Which reports a handler gets. */
export interface OnDeliveryReportOptions {
  /**
   * Only reports with this state.
   * @default both states
   */
  readonly state?: 'delivered' | 'failed' | undefined;
}

/**
 * Calls the method with each pushed `DeliveryReport`, of any account.
 *
 * The method belongs to a provider or controller of the default scope. The guards, interceptors and pipes that it or its
 * class is decorated with run around it, in an `ExecutionContext` of the type `laaffic` whose only argument is the push.
 * Global ones do not run, and neither do filters.
 *
 * The method has succeeded if it returns, or if its promise resolves. It is called again for a report only if it failed
 * before. Reports may come before `send` has resolved, in any order, or never.
 * @example
 * @OnDeliveryReport({ state: 'failed' })
 * onFailed({ orderId, reason }: DeliveryReport) {}
 */
export function OnDeliveryReport(options: OnDeliveryReportOptions = {}): PushHandlerDecorator<DeliveryReport> {
  return onPush('report', options);
}

/**
 * Calls the method with each pushed `InboundSms`, by the rules of `@OnDeliveryReport()`.
 * @example
 * @OnInboundSms()
 * onMessage({ from, content }: InboundSms) {}
 */
export function OnInboundSms(): PushHandlerDecorator<InboundSms> {
  return onPush('inbound', {});
}

/**
 * Calls the method with each body that came to the right address but could not be read, so that nothing is lost. By the
 * rules of `@OnDeliveryReport()`.
 * @example
 * @OnUnreadablePush()
 * onUnreadable({ route, reason, text }: UnreadablePush) {}
 */
export function OnUnreadablePush(): PushHandlerDecorator<UnreadablePush> {
  return onPush('unreadable', {});
}

/** Returns the options of a method that is decorated for this kind of push. */
export function handlerOptions(method: object, kind: Push['kind']): OnDeliveryReportOptions | undefined {
  return Reflect.getMetadata(metadataKey(kind), method) as OnDeliveryReportOptions | undefined;
}

function onPush<T>(kind: Push['kind'], options: OnDeliveryReportOptions): PushHandlerDecorator<T> {
  return (target, name, descriptor) => {
    SetMetadata<string, OnDeliveryReportOptions>(metadataKey(kind), options)(target, name, descriptor);
  };
}

// A text and not a symbol, because the ESM copy and the CommonJS copy of this package have to share it.
function metadataKey(kind: Push['kind']): string {
  return `nestjs-laaffic:on-${kind}`;
}
