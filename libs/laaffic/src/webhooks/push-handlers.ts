import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { handlerOptions } from './on-push.decorators.js';
import { PushEnhancers } from './push-enhancers.js';
import type { Push } from './push.js';

/** One decorated method. */
export interface PushHandler {
  /** `Module/Class.method`, the same after every start. */
  readonly name: string;
  readonly kind: Push['kind'];
  /** The state of the reports that it handles; `undefined` for all. */
  readonly state: string | undefined;
  /** May throw, or return a promise. */
  run(push: Push['value']): unknown;
}

/** Nest's record of a provider or controller. */
type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

const KINDS = ['report', 'inbound', 'unreadable'] as const;

/** The decorated methods of the app, found once when the app starts. */
@Injectable()
export class PushHandlers implements OnModuleInit {
  #handlers: readonly PushHandler[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly enhancers: PushEnhancers,
  ) {}

  /** @throws {Error} if a decorated method belongs to a class that is not a singleton. */
  onModuleInit(): void {
    const seen = new Set<object>();
    const names = new Map<string, number>();
    this.#handlers = [...this.discovery.getProviders(), ...this.discovery.getControllers()].flatMap((wrapper) => {
      const instance: unknown = wrapper.instance;
      const prototype = prototypeOf(wrapper, instance);
      if (prototype === undefined || wrapper.isAlias) return [];
      const methods = this.#decoratedMethods(prototype);
      if (methods.length === 0) return [];
      // A provider's token may be a symbol.
      const owner = String(wrapper.name);
      if (
        typeof instance !== 'object' ||
        instance === null ||
        !wrapper.isDependencyTreeStatic() ||
        wrapper.isTransient
      ) {
        throw new Error(
          `${owner}.${methods[0]?.method ?? ''} cannot handle pushes: ${owner} is request-scoped or transient. ` +
            'Move the method into a provider of the default scope, which can create others with ModuleRef.resolve()',
        );
      }
      if (seen.has(instance)) return [];
      seen.add(instance);
      return methods.map(({ method, kind, state }) => {
        const name = `${wrapper.host?.name ?? ''}/${owner}.${method}`;
        const count = (names.get(`${kind} ${name}`) ?? 0) + 1;
        names.set(`${kind} ${name}`, count);
        const run = this.enhancers.around(instance, method);
        return { name: count === 1 ? name : `${name}#${count}`, kind, state, run };
      });
    });
  }

  /** The handlers of a push. */
  for(push: Push): PushHandler[] {
    return this.#handlers.filter((handler) => handles(handler, push));
  }

  /** Whether any method is decorated for the kind. */
  hasAny(kind: Push['kind']): boolean {
    return this.#handlers.some((handler) => handler.kind === kind);
  }

  #decoratedMethods(prototype: object) {
    return this.scanner.getAllMethodNames(prototype).flatMap((method) =>
      KINDS.flatMap((kind) => {
        const found: unknown = Reflect.get(prototype, method);
        const options = typeof found === 'function' ? handlerOptions(found, kind) : undefined;
        return options === undefined ? [] : [{ method, kind, state: options.state }];
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

function handles({ kind, state }: PushHandler, push: Push): boolean {
  return push.kind === kind && (push.kind !== 'report' || state === undefined || state === push.value.state);
}
