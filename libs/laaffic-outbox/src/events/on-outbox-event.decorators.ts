import { SetMetadata } from '@nestjs/common';
import type { FinishedCampaign, OutboxEventKind, OutboxPart } from './outbox-events.js';

/** Decorates a method that takes `T` or nothing. */
export type OutboxHandlerDecorator<T> = <M extends (event: T) => unknown>(
  target: object,
  name: string,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/**
 * Calls the method when it is decided what became of a message, or of a part of one or of a campaign: the
 * gateway has answered, its time was over, nobody will ask any more (`timing.grace`, `afterGrace`), or a person has
 * decided that held recipients were sent to, or are abandoned. Not when it was cancelled. Recipients that are still
 * `unknown` or `held` may be among them.
 *
 * The method is one of a provider or controller that is made once, not for each request; neither guards nor
 * interceptors nor pipes run around it. It has to be in the processes that send (`worker`), the same handlers in all
 * of them: what is decided in a process without such a method is not told. Any one of them calls it, after
 * the commit, at least once. If a method of the same event throws or rejects, all methods of the event are called
 * again, after 1 s and then ever later, up to 10 min, for ever; if the process dies, by another one within a
 * minute. Each process handles up to 16 events at once, in no order, and shuts down when they have ended.
 */
export function OnSettled(): OutboxHandlerDecorator<OutboxPart> {
  return mark('settled');
}

/**
 * Calls the method when recipients wait for a person's decision, with those alone; otherwise as
 * `@OnSettled()`. Called again, with those that are left, when others of the same part were decided.
 */
export function OnHeld(): OutboxHandlerDecorator<OutboxPart> {
  return mark('held');
}

/**
 * Calls the method when nothing of a campaign moves any more, again if it ran again; not of cancelled ones.
 * Otherwise as `@OnSettled()`.
 */
export function OnCampaignDone(): OutboxHandlerDecorator<FinishedCampaign> {
  return mark('campaignDone');
}

/** Whether the method is decorated for this kind of event. */
export function isHandlerOf(method: object, kind: OutboxEventKind): boolean {
  return Reflect.getMetadata(keyOf(kind), method) === true;
}

function mark<T>(kind: OutboxEventKind): OutboxHandlerDecorator<T> {
  return (target, name, descriptor) => {
    SetMetadata(keyOf(kind), true)(target, name, descriptor);
  };
}

// A text and not a symbol: the ESM and the CommonJS copy of this package have to understand each other.
function keyOf(kind: OutboxEventKind): string {
  return `nestjs-laaffic-outbox:on-${kind}`;
}
