import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { handlerMark } from './on-push.decorators.js';
import { PushEnhancers } from './push-enhancers.js';
import type { Push } from './push.js';

/** One decorated method. */
export interface PushHandler {
  /** `Module/Class.method`, the same after every start. */
  readonly name: string;
  readonly kind: Push['kind'];
  /** The only state of reports that it wants. */
  readonly state: string | undefined;
  /** May throw, or return a promise. */
  run(push: Push['value']): unknown;
}

/** What Nest knows of a provider or controller. */
type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

const KINDS = ['report', 'inbound', 'unreadable'] as const;

/** The decorated methods of the app, looked up once when the app starts. */
@Injectable()
export class PushHandlers implements OnModuleInit {
  #handlers: readonly PushHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly enhancers: PushEnhancers,
  ) {}

  /** @throws {Error} if a decorated method belongs to a class that is not made once. */
  onModuleInit(): void {
    const seen = new Set<object>();
    const names = new Map<string, number>();
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
          `${owner}.${marked[0]?.method ?? ''} cannot take pushes: ${owner} is not made once but for each ` +
            'request or each user of it. Move the method into a provider of the default scope; it can make others with ModuleRef.resolve()',
        );
      }
      if (seen.has(instance)) return [];
      seen.add(instance);
      return marked.map(({ method, kind, state }) => {
        const name = `${wrapper.host?.name ?? ''}/${owner}.${method}`;
        const count = (names.get(`${kind} ${name}`) ?? 0) + 1;
        names.set(`${kind} ${name}`, count);
        const run = this.enhancers.around(instance, method);
        return { name: count === 1 ? name : `${name}#${count}`, kind, state, run };
      });
    });
  }

  /** Those that ask for the push. */
  for(push: Push): PushHandler[] {
    return this.#handlers.filter((handler) => wants(handler, push));
  }

  /** Whether any method is decorated for the kind. */
  takes(kind: Push['kind']): boolean {
    return this.#handlers.some((handler) => handler.kind === kind);
  }

  #markedMethods(prototype: object) {
    return this.scanner.getAllMethodNames(prototype).flatMap((method) =>
      KINDS.flatMap((kind) => {
        const found: unknown = Reflect.get(prototype, method);
        const mark = typeof found === 'function' ? handlerMark(found, kind) : undefined;
        return mark === undefined ? [] : [{ method, kind, state: mark.state }];
      }),
    );
  }
}

function prototypeOf({ metatype }: Wrapper, instance: unknown): object | undefined {
  if (typeof instance === 'object' && instance !== null)
    return (Object.getPrototypeOf(instance) as object | null) ?? undefined;
  const prototype: unknown = (metatype as { prototype?: unknown } | null | undefined)?.prototype;
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined;
}

function wants({ kind, state }: PushHandler, push: Push): boolean {
  return push.kind === kind && (push.kind !== 'report' || state === undefined || state === push.value.state);
}
