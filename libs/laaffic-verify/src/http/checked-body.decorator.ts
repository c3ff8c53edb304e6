import { Body, Query, type PipeTransform, type Type } from '@nestjs/common';
import { getMetadataStorage, validate } from 'class-validator';
import { VerificationError, type VerificationErrorCode } from '../errors/verification.error.js';

/** The code of a wrong field. All others are `VERIFY_INVALID_REQUEST`. */
const CODES: ReadonlyMap<string, VerificationErrorCode> = new Map([
  ['to', 'VERIFY_INVALID_NUMBER'],
  ['number', 'VERIFY_INVALID_NUMBER'],
  ['country', 'VERIFY_INVALID_NUMBER'],
  ['code', 'VERIFY_MALFORMED_CODE'],
]);
const LONGEST_FIELD = 32;
/** The response must not grow with the request. */
const MOST_PROBLEMS = 10;

/** Checks fields by a DTO. A field that it does not have is an error. */
class FieldsPipe implements PipeTransform<unknown, Promise<object>> {
  readonly #known: ReadonlySet<string>;

  constructor(private readonly type: Type<object>) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    this.#known = new Set(rules.map(({ propertyName }) => propertyName));
  }

  /** @throws {VerificationError} about the first wrong field. Its message names all of them. */
  async transform(value: unknown): Promise<object> {
    const fields = value ?? {};
    if (typeof fields !== 'object' || Array.isArray(fields)) {
      throw new VerificationError('VERIFY_INVALID_REQUEST', 'The body must be a JSON object');
    }
    // Not by class-transformer: a field called `constructor` makes it, or the validator, fail.
    const entries = Object.entries(fields);
    const command = Object.assign(
      new this.type(),
      Object.fromEntries(entries.filter(([name]) => this.#known.has(name))),
    );
    const unknown = entries.filter(([name]) => !this.#known.has(name)).map(([name]) => unknownField(name));
    const wrong = (await validate(command)).map(({ property, constraints = {} }) => {
      return { field: property, text: Object.values(constraints).join('; ') };
    });
    const problems = [...unknown, ...wrong];
    const [first] = problems;
    if (first === undefined) return command;
    const { field } = first;
    const code = CODES.get(field) ?? 'VERIFY_INVALID_REQUEST';
    throw new VerificationError(
      code,
      problems
        .slice(0, MOST_PROBLEMS)
        .map(({ text }) => text)
        .join('; '),
      { field },
    );
  }
}

function unknownField(name: string): { readonly field: string; readonly text: string } {
  const field = name.slice(0, LONGEST_FIELD);
  return { field, text: `${field} is not a field of this request` };
}

/**
 * The body of a route, checked by a DTO. Declare the parameter as `Readonly<…>`: pipes of the app then leave it alone, so the
 * routes respond in one form in every app. `@nestjs/swagger` gets the DTO from here, in the form of its own decorator, so that
 * it need not be installed.
 */
export function CheckedBody(type: Type<object>): ParameterDecorator {
  return described('body', type, Body(new FieldsPipe(type)));
}

/** The same for the query. */
export function CheckedQuery(type: Type<object>): ParameterDecorator {
  return described('query', type, Query(new FieldsPipe(type)));
}

function described(place: string, type: Type<object>, decorator: ParameterDecorator): ParameterDecorator {
  return (target, key, index) => {
    decorator(target, key, index);
    const method = key === undefined ? undefined : (target as Record<string | symbol, unknown>)[key];
    if (typeof method === 'function') {
      Reflect.defineMetadata('swagger/apiParameters', [{ in: place, type, required: place === 'body' }], method);
    }
  };
}
