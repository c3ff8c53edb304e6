import { Injectable, UseGuards, UseInterceptors, UsePipes } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator, ModulesContainer, NestContainer } from '@nestjs/core';

/** What `ExecutionContext.getType()` says while a push is handled; the push is the only argument. */
export const PUSH_CONTEXT = 'laaffic';

/** Under which keys the decorators leave what they are given: asked of them, for Nest does not publish it. */
const ENHANCER_KEYS = [UseGuards(), UseInterceptors(), UsePipes()].flatMap((decorate) => {
  const decorated = () => undefined;
  decorate(decorated);
  return Reflect.getMetadataKeys(decorated) as unknown[];
});

/** Where Nest looks for the parameters of a handler. */
const PARAMETERS = 'nestjs-laaffic:push-parameters';
/** The first parameter, of the kind that Nest's own pipes work on: a body. */
const PUSH_PARAMETER = { '3:0': { index: 0, pipes: [] } };

/** The modules of the app without its configuration: its global enhancers are made for HTTP requests. */
class ModulesAlone extends NestContainer {
  constructor(private readonly all: ModulesContainer) {
    super(new ApplicationConfig());
  }

  override getModules(): ModulesContainer {
    return this.all;
  }
}

/** Puts the guards, interceptors and pipes that a method or its class is decorated with around the method. */
@Injectable()
export class PushEnhancers {
  readonly #creator: ExternalContextCreator;

  constructor(modules: ModulesContainer) {
    this.#creator = ExternalContextCreator.fromContainer(new ModulesAlone(modules));
  }

  around(instance: object, method: string): (push: unknown) => unknown {
    const call = lookedUp(instance, method);
    const isDecorated = [instance.constructor, call].some((target) =>
      ENHANCER_KEYS.some((key) => Reflect.hasMetadata(key, target)),
    );
    // Without any, Nest's way around the method would cost six times what the call costs.
    return isDecorated ? this.#enhanced(instance, call, method) : call;
  }

  #enhanced(instance: object, call: (...args: unknown[]) => unknown, method: string): (push: unknown) => unknown {
    Reflect.defineMetadata(PARAMETERS, PUSH_PARAMETER, instance.constructor, method);
    return this.#creator.create(
      instance,
      call,
      method,
      PARAMETERS,
      { exchangeKeyForValue: (_type: number, _data: unknown, [push]: [unknown]) => push },
      undefined,
      undefined,
      // Without filters: what a handler throws is the dispatcher's, which answers 500 and logs no number.
      { guards: true, interceptors: true, filters: false },
      PUSH_CONTEXT,
    );
  }
}

/** The method, looked up at each call, so that one that is spied on or wrapped later is the one that runs. */
function lookedUp(instance: object, method: string): (...args: unknown[]) => unknown {
  const find = () => Reflect.get(instance, method) as (...args: unknown[]) => unknown;
  const call = (...args: unknown[]) => find().apply(instance, args);
  // Guards and interceptors read what else the method is decorated with.
  for (const key of Reflect.getMetadataKeys(find()) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, find()), call);
  }
  return Object.defineProperty(call, 'name', { value: method });
}
