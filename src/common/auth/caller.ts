import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { nodeRequest } from '../http/node-http.js';

/** The caller of a service without API keys. */
const ANYBODY = 'api';
/** Short enough to be stored together with the name of a key. */
const MAX_ACTOR_LENGTH = 200;

const callers = new WeakMap<IncomingMessage, string>();

/** Records the name of the key that a request was admitted with. */
export function nameCaller(request: IncomingMessage, name: string): void {
  callers.set(request, name);
}

/** The name of the API key that a request was admitted with. */
export function callerOf(request: IncomingMessage): string {
  return callers.get(request) ?? ANYBODY;
}

/** The name of the API key of the request. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  callerOf(nodeRequest(context)),
);

/** A field of a body that names the person who acts. */
export function ActorField(): PropertyDecorator {
  const document = ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: MAX_ACTOR_LENGTH,
    example: 'ann',
    description: 'Who acts. The history shows it after the name of the API key: `shop (ann)`.',
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

/** Who acts, for the history: the caller, with the person in brackets if the body names one. */
export function actorOf(caller: string, person: string | undefined): string {
  return person === undefined ? caller : `${caller} (${person})`;
}
