import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

/** What a decorator says about a method. */
export interface HandlerMark<M> {
  readonly mark: M;
  /** The name that the app gave it. */
  readonly name: string | undefined;
}

/** A kind of handlers: those of one decorator, or of several that belong together. */
export interface HandlerKind<M> {
  /** What they handle, for errors: `events of the outbox`. */
  readonly what: string;
  /** The decorator, for errors: `@OnRecipientState`. */
  readonly decorator: string;
  /** @returns `undefined` if the method is not decorated. */
  markOf(method: object): HandlerMark<M> | undefined;
}

/** One decorated method. */
export interface HandlerMethod<E, M> {
  /** `Module/Class.method`, or the name that the app gave it. The database knows the handler by it. */
  readonly name: string;
  readonly mark: M;
  /** May throw, or return a promise. */
  run(event: E): unknown;
}

/** A method of one instance. */
interface FoundMethod<E, M> extends HandlerMethod<E, M> {
  readonly found: object;
}

/** Nest's record of a provider or controller. */
type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

const LONGEST_NAME = 200;

/**
 * Finds the decorated methods of the app. Call it when all providers exist.
 * @throws {Error} if the class of a decorated method is not a singleton, or if two methods have the same name.
 */
export function findHandlerMethods<E, M>(
  { discovery, scanner }: { readonly discovery: DiscoveryService; readonly scanner: MetadataScanner },
  kind: HandlerKind<M>,
): HandlerMethod<E, M>[] {
  const seen = new Set<object>();
  const methods = [...discovery.getProviders(), ...discovery.getControllers()].flatMap(
    (wrapper): FoundMethod<E, M>[] => {
      const instance: unknown = wrapper.instance;
      const prototype = prototypeOf(wrapper, instance);
      if (prototype === undefined || wrapper.isAlias) return [];
      const marked = scanner.getAllMethodNames(prototype).flatMap((method) => {
        const found: unknown = Reflect.get(prototype, method);
        const mark = typeof found === 'function' ? kind.markOf(found) : undefined;
        return mark === undefined ? [] : [{ ...mark, method, found: found as object }];
      });
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
          `${owner}.${marked[0]?.method ?? ''} cannot handle ${kind.what}: ${owner} is ` +
            'request-scoped or transient. Move the method into a provider of the default scope, which can create others with ModuleRef.resolve()',
        );
      }
      if (seen.has(instance)) return [];
      seen.add(instance);
      return marked.map(({ method, mark, found, name }) => ({
        name: name ?? `${wrapper.host?.name ?? ''}/${owner}.${method}`,
        mark,
        found,
        // Look the method up at each call, so a spy or a wrapper that was added later runs too.
        run: (event) => (Reflect.get(instance, method) as (event: unknown) => unknown).call(instance, event),
      }));
    },
  );
  return byName(methods, kind);
}

/**
 * Checks the `name` of a handler's decorator.
 * @throws {TypeError} if it is not text of 1 to 200 characters on one line.
 */
export function checkHandlerName(decorator: string, name: unknown): void {
  const isRight =
    name === undefined ||
    (typeof name === 'string' && name.length <= LONGEST_NAME && name.trim() !== '' && !/\p{Cc}/u.test(name));
  if (!isRight)
    throw new TypeError(`@${decorator}({ name }) takes text of 1 to ${LONGEST_NAME} characters on one line`);
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
function byName<E, M>(
  methods: readonly FoundMethod<E, M>[],
  { what, decorator }: HandlerKind<M>,
): HandlerMethod<E, M>[] {
  const named = new Map<string, FoundMethod<E, M>[]>();
  for (const method of methods) named.set(method.name, [...(named.get(method.name) ?? []), method]);
  return [...named.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { name, mark, found } = first;
    if (same.some((other) => other.found !== found)) {
      throw new Error(
        `Two methods handle ${what} under the name ${name}. Give one of them a name of its own: ` +
          `${decorator}({ name: '…' })`,
      );
    }
    return [{ name, mark, run: (event) => runAll(same, event) }];
  });
}

/** @throws the first error, when all have ended. */
async function runAll<E, M>(methods: readonly FoundMethod<E, M>[], event: E): Promise<void> {
  const results = await Promise.allSettled(
    methods.map(async (method) => {
      await method.run(event);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
