import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { OptionsReader } from 'nestjs-laaffic';
import { VerificationOptionsError } from '../errors/verification.error.js';
import { purposeProblem } from '../request-rules.js';
import type { VerificationRequest } from '../requests/verification-request.js';

interface RouteOptions {
  /**
   * The path of the routes, below the app's global prefix.
   * @default 'verifications'
   */
  readonly path?: string | undefined;
  /** The modules that the guards need, and `LaafficVerifyModule` if it is not global. */
  readonly imports?: ModuleMetadata['imports'];
}

/** The routes are for browsers and phones. */
export interface VisitorRoutesOptions extends RouteOptions {
  readonly caller: 'visitor';
  /** The purposes that visitors may verify a number for. */
  readonly purposes: readonly string[];
  /** Guards of all routes. @default none */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[] | undefined;
  /**
   * Reads what the app knows the visitor by, such as a random id in a cookie. It must not be guessable: visitors of one
   * session share its open verification.
   * @default each start is a verification of its own
   */
  session?(request: VerificationRequest): string | undefined;
}

/** The routes are for the app's backend, which says who its user is. */
export interface BackendRoutesOptions extends RouteOptions {
  readonly caller: 'backend';
  /** Guards of all routes, such as a check of an API key: a caller can send messages and read numbers. */
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * The purposes that callers may verify a number for.
   * @default all
   */
  readonly purposes?: readonly string[] | undefined;
}

/** The options of `LaafficVerifyHttpModule.register`. */
export type LaafficVerifyHttpOptions = VisitorRoutesOptions | BackendRoutesOptions;

const SEGMENTS = /^\/?[\w.~-]+(\/[\w.~-]+)*\/?$/;

/** The checked options, frozen. The controllers inject this. */
export class VerifyHttpSettings {
  readonly caller: 'visitor' | 'backend';
  readonly path: string;
  /** `undefined` for all. */
  readonly purposes: readonly string[] | undefined;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly session: (request: VerificationRequest) => string | undefined;

  /** @throws {VerificationOptionsError} naming each field that is missing, unknown or wrong. */
  constructor(options: unknown) {
    const reader = new OptionsReader(options);
    const caller = reader.value('caller');
    this.caller = caller === 'backend' ? 'backend' : 'visitor';
    if (caller !== this.caller) reader.report('caller', "must be 'visitor' or 'backend'");
    this.path = reader.text('path', 'verifications', SEGMENTS, 'must be segments of letters, digits, -, _, . and ~');
    this.purposes = readPurposes(reader, this.caller);
    this.guards = readGuards(reader, this.caller);
    reader.value('imports');
    this.session = this.caller === 'visitor' ? readSession(reader) : () => undefined;
    reader.rejectUnknown();
    if (reader.problems.length > 0) throw new VerificationOptionsError(reader.problems, 'LaafficVerifyHttpModule');
    Object.freeze(this);
  }
}

function readPurposes(reader: OptionsReader, caller: 'visitor' | 'backend'): readonly string[] | undefined {
  const value = reader.value('purposes');
  if (value === undefined && caller === 'backend') return undefined;
  const purposes: readonly unknown[] = Array.isArray(value) ? value : [];
  if (purposes.length === 0) reader.report('purposes', 'must be a list of at least one purpose');
  for (const [index, purpose] of purposes.entries()) {
    const problem = purposeProblem(purpose);
    if (problem !== undefined) reader.report(`purposes[${index}]`, problem);
  }
  return Object.freeze([...(purposes as readonly string[])]);
}

function readGuards(reader: OptionsReader, caller: 'visitor' | 'backend'): VerifyHttpSettings['guards'] {
  const value = reader.value('guards') ?? [];
  const guards: readonly unknown[] = Array.isArray(value) ? value : [undefined];
  if (!guards.every(isGuard)) reader.report('guards', 'must be a list of guards');
  else if (guards.length === 0 && caller === 'backend') {
    reader.report('guards', 'must have at least one guard: a caller can send messages and read numbers');
  }
  return Object.freeze([...(guards as VerifyHttpSettings['guards'])]);
}

function isGuard(value: unknown): boolean {
  const guard: unknown = typeof value === 'function' ? value.prototype : value;
  return typeof (guard as Partial<CanActivate> | undefined)?.canActivate === 'function';
}

function readSession(reader: OptionsReader): VerifyHttpSettings['session'] {
  const session = reader.value('session') ?? (() => undefined);
  if (typeof session !== 'function') reader.report('session', 'must be a function');
  return session as VerifyHttpSettings['session'];
}
