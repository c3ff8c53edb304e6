import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { accessOf } from './route-access.js';

/** A route does not say who may call it. It is a mistake in the code, and not in the settings. */
export class UndeclaredAccessError extends Error {
  override readonly name = 'UndeclaredAccessError';

  /** @param routes the handlers, such as `HeldController.list`. */
  constructor(readonly routes: readonly string[]) {
    super(`The service cannot start: ${routes.join(', ')} must declare @RequireScope(…) or @Public()`);
  }
}

/** Checks when the app boots that every route declares who may call it: a scope that is forgotten protects nothing. */
@Injectable()
export class DeclaredAccess implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  /** @throws {UndeclaredAccessError} */
  onModuleInit(): void {
    const routes = this.discovery.getControllers().flatMap(({ metatype }) => this.#undeclaredOf(metatype as Type));
    if (routes.length > 0) throw new UndeclaredAccessError(routes);
  }

  #undeclaredOf(controller: Type): string[] {
    const prototype = controller.prototype as Readonly<Record<string, unknown>>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name];
      if (typeof handler !== 'function' || !Reflect.hasMetadata(PATH_METADATA, handler)) return [];
      const getHandler = () => handler as (...args: unknown[]) => unknown;
      const access = accessOf(this.reflector, { getHandler, getClass: <T>() => controller as Type<T> });
      return access === undefined ? [`${controller.name}.${name}`] : [];
    });
  }
}
