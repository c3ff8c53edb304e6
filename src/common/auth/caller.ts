import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { nodeRequest } from '../http/node-http.js';
import { GrantedScopes } from './scopes.js';

/** A caller without a key, in a service without API keys. */
const LOCAL_CALLER = 'api';
/** Short enough to be stored together with the name of a key. */
const MAX_ACTOR_LENGTH = 200;

/** The key that a request was admitted with. */
interface AdmittedKey {
  readonly name: string;
  readonly scopes: GrantedScopes;
}

const callers = new WeakMap<IncomingMessage, AdmittedKey>();

/** Records the key that a request was admitted with. */
export function admitCaller(request: IncomingMessage, { name, scopes }: AdmittedKey): void {
  callers.set(request, { name, scopes });
}

/** The name of the API key that a request was admitted with. */
export function callerOf(request: IncomingMessage): string {
  return callers.get(request)?.name ?? LOCAL_CALLER;
}

/** The name of the API key of the request. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  callerOf(nodeRequest(context)),
);

/** The scopes of the API key of the request. */
export const CallerScopes = createParamDecorator(
  (_: unknown, context: ExecutionContext): GrantedScopes =>
    callers.get(nodeRequest(context))?.scopes ?? GrantedScopes.all,
);

/** A field of a body that names the person who acts. */
export function ActorField(): PropertyDecorator {
  const document = ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: MAX_ACTOR_LENGTH,
    example: 'ann',
    description: 'Who acts. The history shows it with the name of the API key: `ann (key shop)`.',
  });
  const validate = ValidateBy({
    name: 'actor',
    validator: {
      validate: (value) => value === undefined || isActor(value),
      defaultMessage: () => `$property must be text of 1 to ${MAX_ACTOR_LENGTH} characters`,
    },
  });
  return (target, property) => {
    document(target, property);
    validate(target, property);
  };
}

function isActor(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_ACTOR_LENGTH && !value.includes('\0');
}

/**
 * Who acts, for the history: the caller, after the person if the body names one. The caller is always at the end, so a
 * person with brackets in the name cannot pose as another caller.
 */
export function actorOf(caller: string, person: string | undefined): string {
  if (person === undefined) return caller;
  return `${person} (${caller === LOCAL_CALLER ? caller : `key ${caller}`})`;
}
