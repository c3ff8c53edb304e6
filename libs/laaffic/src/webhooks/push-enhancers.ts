import { Injectable, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator, ModulesContainer, NestContainer } from '@nestjs/core';

/** The type of the `ExecutionContext` of a push, whose only argument is the push. */
export const PUSH_CONTEXT = 'laaffic';

/** The metadata keys of Nest's decorators, read from a decorated dummy because Nest does not publish them. */
const ENHANCER_KEYS = [UseGuards(), UseInterceptors(), UsePipes()].flatMap((decorate) => {
  const dummy = () => undefined;
  decorate(dummy);
  return Reflect.getMetadataKeys(dummy) as unknown[];
});

/** The metadata key under which Nest finds the parameters of a handler. */
const PARAMETERS = 'nestjs-laaffic:push-parameters';
/** The first parameter, of the kind `3`: a body, which is what Nest's own pipes work on. */
const PUSH_PARAMETER = { '3:0': { index: 0, pipes: [] } };

/** The modules of the app without its configuration, because global enhancers are made for HTTP requests. */
class ContainerWithoutGlobals extends NestContainer {
  constructor(private readonly all: ModulesContainer) {
    super(new ApplicationConfig());
  }

  override getModules(): ModulesContainer {
    return this.all;
  }
}

/**
 * Runs the guards, interceptors and pipes of a method or its class around the method.
 *
 * Relies on internals of Nest: the metadata of its decorators, the parameter kind `3`, and `ExternalContextCreator` over a
 * container of its own. Checked with Nest 11.x and 12.x. `test/webhooks/enhancers.spec.ts` fails if Nest changes them.
 */
@Injectable()
export class PushEnhancers {
  readonly #creator: ExternalContextCreator;

  constructor(modules: ModulesContainer) {
    this.#creator = ExternalContextCreator.fromContainer(new ContainerWithoutGlobals(modules));
  }

  around(instance: object, method: string): (push: unknown) => unknown {
    const call = lateBound(instance, method);
    const isDecorated = [instance.constructor, call].some((target) =>
      ENHANCER_KEYS.some((key) => Reflect.hasMetadata(key, target)),
    );
    // Nest's wrapper costs six times as much as the call, so a method without decorators is called directly.
    return isDecorated ? this.#enhance(instance, call, method) : call;
  }

  #enhance(instance: object, call: (...args: unknown[]) => unknown, method: string): (push: unknown) => unknown {
    Reflect.defineMetadata(PARAMETERS, PUSH_PARAMETER, instance.constructor, method);
    return this.#creator.create(
      instance,
      call,
      method,
      PARAMETERS,
      { exchangeKeyForValue: (_type: number, _data: unknown, [push]: [unknown]) => push },
      undefined,
      undefined,
      // Without filters: the dispatcher handles what a handler throws, responds with 500 and logs no number.
      { guards: true, interceptors: true, filters: false },
      PUSH_CONTEXT,
    );
  }
}

/** Finds the method at each call, so that a spy or wrapper that is set later is the one that runs. */
function lateBound(instance: object, method: string): (...args: unknown[]) => unknown {
  const find = () => Reflect.get(instance, method) as (...args: unknown[]) => unknown;
  const call = (...args: unknown[]) => find().apply(instance, args);
  // Guards and interceptors read other metadata of the method.
  for (const key of Reflect.getMetadataKeys(find()) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, find()), call);
  }
  return Object.defineProperty(call, 'name', { value: method });
}
