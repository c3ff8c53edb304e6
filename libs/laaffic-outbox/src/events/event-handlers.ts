import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { isHandlerOf } from './on-outbox-event.decorators.js';
import type { OutboxEventKind, OutboxEvents } from './outbox-events.js';

/** One decorated method. */
export interface EventHandler {
  /** `Module/Class.method` */
  readonly name: string;
  readonly kind: OutboxEventKind;
  /** May throw, or return a promise. */
  run(event: OutboxEvents[OutboxEventKind]): unknown;
}

/** What Nest knows of a provider or controller. */
type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

const KINDS = ['settled', 'held', 'campaignDone'] as const satisfies OutboxEventKind[];

/** The decorated methods of the app, looked up once when the app starts. */
@Injectable()
export class EventHandlers implements OnModuleInit {
  #handlers: readonly EventHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws {Error} if a decorated method belongs to a class that is not made once. */
  onModuleInit(): void {
    const seen = new Set<object>();
    this.#handlers = [...this.discovery.getProviders(), ...this.discovery.getControllers()].flatMap((wrapper) => {
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
          `${owner}.${marked[0]?.method ?? ''} cannot hear of the outbox: ${owner} is not made once but for each ` +
            'request or each user of it. Move the method into a provider of the default scope; it can make others with ModuleRef.resolve()',
        );
      }
      if (seen.has(instance)) return [];
      seen.add(instance);
      return marked.map(({ method, kind }) => ({
        name: `${wrapper.host?.name ?? ''}/${owner}.${method}`,
        kind,
        // Looked up at each call, so that one that is spied on or wrapped later is the one that runs.
        run: (event) => (Reflect.get(instance, method) as (event: unknown) => unknown).call(instance, event),
      }));
    });
  }

  for(kind: OutboxEventKind): EventHandler[] {
    return this.#handlers.filter((handler) => handler.kind === kind);
  }

  /** Whether any method is decorated for the kind. */
  takes(kind: OutboxEventKind): boolean {
    return this.#handlers.some((handler) => handler.kind === kind);
  }

  #markedMethods(prototype: object): Pick<EventHandler & { method: string }, 'method' | 'kind'>[] {
    return this.scanner.getAllMethodNames(prototype).flatMap((method) => {
      const found: unknown = Reflect.get(prototype, method);
      if (typeof found !== 'function') return [];
      return KINDS.filter((kind) => isHandlerOf(found, kind)).map((kind) => ({ method, kind }));
    });
  }
}

function prototypeOf({ metatype }: Wrapper, instance: unknown): object | undefined {
  if (typeof instance === 'object' && instance !== null)
    return (Object.getPrototypeOf(instance) as object | null) ?? undefined;
  const prototype: unknown = (metatype as { prototype?: unknown } | null | undefined)?.prototype;
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}
