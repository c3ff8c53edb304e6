import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { CAMPAIGN_DONE } from './event-queue.js';
import { handlerNameOf, statesOf, takesCampaignDone } from './on-outbox-event.decorators.js';
import type { FinishedCampaign, RecipientStateEvent } from './outbox-events.js';

/** One decorated method. */
export interface EventHandler {
  /** `Module/Class.method`, or the name that the app gave it. The database knows the handler by it. */
  readonly name: string;
  /** The topics it handles: states of recipients, or finished campaigns. */
  readonly topics: ReadonlySet<string>;
  /** May throw, or return a promise. */
  run(event: RecipientStateEvent | FinishedCampaign): unknown;
}

interface MarkedMethod {
  readonly method: string;
  readonly topics: ReadonlySet<string>;
  readonly found: object;
  /** The name that the app gave it. */
  readonly name: string | undefined;
}

/** A method of one instance. */
type FoundMethod = EventHandler & Pick<MarkedMethod, 'found'>;

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

  /** @throws {Error} if the class of a decorated method is not a singleton, or if two methods have the same name. */
  get all(): readonly EventHandler[] {
    return (this.#handlers ??= byName(this.#find()));
  }

  #find(): FoundMethod[] {
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
      return marked.map(({ method, topics, found, name }) => ({
        name: name ?? `${wrapper.host?.name ?? ''}/${owner}.${method}`,
        topics,
        found,
        // Look the method up at each call, so a spy or a wrapper that was added later runs too.
        run: (event) => (Reflect.get(instance, method) as (event: unknown) => unknown).call(instance, event),
      }));
    });
  }

  #markedMethods(prototype: object): MarkedMethod[] {
    return this.scanner.getAllMethodNames(prototype).flatMap((method) => {
      const found: unknown = Reflect.get(prototype, method);
      if (typeof found !== 'function') return [];
      const topics = new Set([...statesOf(found), ...(takesCampaignDone(found) ? [CAMPAIGN_DONE] : [])]);
      return topics.size === 0 ? [] : [{ method, topics, found, name: handlerNameOf(found) }];
    });
  }
}

function prototypeOf({ metatype }: Wrapper, instance: unknown): object | undefined {
  if (typeof instance === 'object' && instance !== null)
    return (Object.getPrototypeOf(instance) as object | null) ?? undefined;
  const prototype: unknown = (metatype as { prototype?: unknown } | null | undefined)?.prototype;
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}

/**
 * The same method of several instances, such as those of a module that is imported twice, is one handler.
 * @throws {Error} if two methods have the same name, because each would miss what the other gets.
 */
function byName(methods: readonly FoundMethod[]): EventHandler[] {
  const named = new Map<string, FoundMethod[]>();
  for (const method of methods) named.set(method.name, [...(named.get(method.name) ?? []), method]);
  return [...named.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { name, topics, found } = first;
    if (same.some((other) => other.found !== found)) {
      throw new Error(
        `Two methods handle events of the outbox under the name ${name}. Give one of them a name of its own: ` +
          "@OnRecipientState({ name: '…' })",
      );
    }
    return [{ name, topics, run: (event) => runAll(same, event) }];
  });
}

/** @throws the first error, when all have ended. */
async function runAll(methods: readonly FoundMethod[], event: Parameters<EventHandler['run']>[0]): Promise<void> {
  const results = await Promise.allSettled(
    methods.map(async (method) => {
      await method.run(event);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
