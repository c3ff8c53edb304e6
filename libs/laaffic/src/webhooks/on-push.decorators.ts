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
   * Only reports of this state.
   * @default both
   */
  readonly state?: 'delivered' | 'failed' | undefined;
}

/** What a decorated method asks for. */
export interface HandlerMark {
  readonly state?: 'delivered' | 'failed' | undefined;
}

/**
 * Calls the method with each pushed `DeliveryReport`, whatever account it is of. The method is one of a
 * provider or controller of the app that is made once, not for each request. The guards, interceptors
 * and pipes that it or its class is decorated with run around it, in an `ExecutionContext` of the type
 * `laaffic` whose only argument is the push; global ones do not, and neither do filters.
 *
 * It has succeeded when it returns or its promise resolves; it is called again for a report only if it
 * failed before. Reports may come before `send` has resolved, in any order, and never.
 */
export function OnDeliveryReport(options: OnDeliveryReportOptions = {}): PushHandlerDecorator<DeliveryReport> {
  return mark('report', options);
}

/** Calls the method with each `InboundSms` that is pushed; otherwise as `@OnDeliveryReport()`. */
export function OnInboundSms(): PushHandlerDecorator<InboundSms> {
  return mark('inbound', {});
}

/**
 * Calls the method with each body that has the right address and is no push of its kind, so that
 * nothing is lost; otherwise as `@OnDeliveryReport()`.
 */
export function OnUnreadablePush(): PushHandlerDecorator<UnreadablePush> {
  return mark('unreadable', {});
}

/** What the method asks for, if it is decorated for this kind of push. */
export function handlerMark(method: object, kind: Push['kind']): HandlerMark | undefined {
  return Reflect.getMetadata(keyOf(kind), method) as HandlerMark | undefined;
}

function mark<T>(kind: Push['kind'], asked: HandlerMark): PushHandlerDecorator<T> {
  return (target, name, descriptor) => {
    SetMetadata<string, HandlerMark>(keyOf(kind), asked)(target, name, descriptor);
  };
}

// A text and not a symbol: the ESM and the CommonJS copy of this package have to understand each other.
function keyOf(kind: Push['kind']): string {
  return `nestjs-laaffic:on-${kind}`;
}
