import type { Type } from '@nestjs/common';
import { RequireScope } from '../common/auth/route-access.js';
import type { Scope } from '../common/auth/scopes.js';

/** The scope and the OpenAPI of a route, and the bodies that the page of the API offers. */
export interface RouteDocument {
  readonly scope: Scope;
  readonly document: MethodDecorator;
  readonly examples?: Readonly<Record<string, { readonly value: object }>>;
}

/** Where `@nestjs/swagger` keeps the parameters of a route. */
const PARAMETERS = 'swagger/apiParameters';

/**
 * Documents the routes of a controller that another package declares, and sets their scopes.
 * @returns `false` if the controller has other routes. Then nothing was done.
 */
export function documentRoutes(controller: Type<object>, routes: Readonly<Record<string, RouteDocument>>): boolean {
  const prototype = Object.getPrototypeOf(controller.prototype) as object;
  if (!Object.keys(routes).every((name) => Object.hasOwn(prototype, name))) return false;
  for (const [name, { scope, document, examples }] of Object.entries(routes)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    const handler: unknown = descriptor?.value;
    if (descriptor === undefined || typeof handler !== 'function') continue;
    document(prototype, name, descriptor);
    RequireScope(scope)(prototype, name, descriptor);
    const parameters = (Reflect.getMetadata(PARAMETERS, handler) ?? []) as readonly { readonly in: string }[];
    const withExamples = parameters.map((one) => (one.in === 'body' ? { ...one, examples } : one));
    Reflect.defineMetadata(PARAMETERS, withExamples, handler);
  }
  return true;
}
