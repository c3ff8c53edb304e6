import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { CAMPAIGN_DONE } from './event-queue.js';
import { statesOf, takesCampaignDone } from './on-outbox-event.decorators.js';
import type { FinishedCampaign, RecipientStateEvent } from './outbox-events.js';

/** One decorated method. */
export interface EventHandler {
  /** `Module/Class.method` */
  readonly name: string;
  /** The topics it handles: states of recipients, or finished campaigns. */
  readonly topics: ReadonlySet<string>;
  /** May throw, or return a promise. */
  run(event: RecipientStateEvent | FinishedCampaign): unknown;
}

/** Nest's record of a provider or controller. */
type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Finds the decorated methods of the app when all providers exist. */
@Injectable()
export class EventHandlers {
  #handlers: readonly EventHandler[] | undefined;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws {Error} if the class of a decorated method is not a singleton. */
  get all(): readonly EventHandler[] {
    return (this.#handlers ??= this.#find());
  }

  #find(): EventHandler[] {
    const seen = new Set<object>();
    return [...this.discovery.getProviders(), ...this.discovery.getControllers()].flatMap((wrapper) => {
      const instance: unknown = wrapper.instance;
      const prototype = prototypeOf(wrapper, instance);
      if (prototype === undefined || wrapper.isAlias) return [];
      const marked = this.#markedMethods(prototype);
      if (marked.length === 0) return [];
      // A provider's token may be a symbol.
      const owner = String(wrapper.name);
      if (
        typeof instance !== 'object' ||
        instance === null ||
        !wrapper.isDependencyTreeStatic() ||
        wrapper.isTransient
      ) {
        throw new Error(
          `${owner}.${marked[0]?.method ?? ''} cannot handle events of the outbox: ${owner} is ` +
            'request-scoped or transient. Move the method into a provider of the default scope, which can create others with ModuleRef.resolve()',
        );
      }
      if (seen.has(instance)) return [];
      seen.add(instance);
      return marked.map(({ method, topics }) => ({
        name: `${wrapper.host?.name ?? ''}/${owner}.${method}`,
        topics,
        // Look the method up at each call, so a spy or a wrapper that was added later runs too.
        run: (event) => (Reflect.get(instance, method) as (event: unknown) => unknown).call(instance, event),
      }));
    });
  }

  #markedMethods(prototype: object): { readonly method: string; readonly topics: ReadonlySet<string> }[] {
    return this.scanner.getAllMethodNames(prototype).flatMap((method) => {
      const found: unknown = Reflect.get(prototype, method);
      if (typeof found !== 'function') return [];
      const topics = new Set([...statesOf(found), ...(takesCampaignDone(found) ? [CAMPAIGN_DONE] : [])]);
      return topics.size === 0 ? [] : [{ method, topics }];
    });
  }
}

function prototypeOf({ metatype }: Wrapper, instance: unknown): object | undefined {
  if (typeof instance === 'object' && instance !== null)
    return (Object.getPrototypeOf(instance) as object | null) ?? undefined;
  const prototype: unknown = (metatype as { prototype?: unknown } | null | undefined)?.prototype;
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}
