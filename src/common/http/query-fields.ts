import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { readInstant } from './instant.js';

/** What a field of a query string holds, for its validation and its documentation. */
interface QueryField<T> {
  readonly schema: ApiPropertyOptions;
  /** The value of a text; `undefined` if the text is not one. */
  readonly parse: (text: string) => T | undefined;
  /** The rest of a sentence that starts with the field. */
  readonly problem: string;
  readonly isRequired?: boolean;
}

/** An optional whole number. */
export function QueryInteger(options: {
  readonly min: number;
  readonly max?: number;
  readonly default?: number;
  readonly description?: string;
  readonly problem?: string;
}): PropertyDecorator {
  const { min, max = Number.MAX_SAFE_INTEGER, description, problem = `must be from ${min} to ${max}` } = options;
  return Field<number>({
    schema: {
      type: 'integer',
      minimum: min,
      ...(options.max === undefined ? {} : { maximum: max }),
      ...(options.default === undefined ? {} : { default: options.default }),
      ...(description === undefined ? {} : { description }),
    },
    parse: (text) => (/^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
    problem,
  });
}

/** An optional text out of a list. */
export function QueryOneOf(values: readonly string[]): PropertyDecorator {
  return Field<string>({
    schema: { type: 'string', enum: [...values] },
    parse: (text) => values.find((value) => value === text),
    problem: `must be one of ${values.join(', ')}`,
  });
}

/** An optional `true` or `false`. */
export function QueryBoolean(description: string): PropertyDecorator {
  return Field<boolean>({
    schema: { type: 'boolean', description },
    parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
    problem: 'must be true or false',
  });
}

/** An optional id that pages continue from. */
export function QueryCursor(what: string, description: string): PropertyDecorator {
  return Field<string>({
    schema: { type: 'string', description },
    parse: (text) => (/^\d{1,19}$/.test(text) ? text : undefined),
    problem: `must be the id of a ${what}`,
  });
}

/** A required day in UTC. */
export function QueryDay(description: string): PropertyDecorator {
  return Field<string>({
    schema: { type: 'string', format: 'date', description },
    parse: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined),
    problem: 'must be a day such as 2027-01-31',
    isRequired: true,
  });
}

/** An optional text. */
export function QueryText(description: string): PropertyDecorator {
  return Field<string>({
    schema: { type: 'string', description },
    parse: (text) => text,
    problem: 'must be given once',
  });
}

/** An optional point in time. */
export function QueryInstant(description: string): PropertyDecorator {
  return Field<Date>({
    schema: { type: 'string', format: 'date-time', description },
    parse: readInstant,
    problem: 'must be a time with its offset, such as 2026-01-31T09:00:00Z',
  });
}

/** Query strings hold texts, or a list of texts for a field that is given more than once. */
function Field<T>({ schema, parse, problem, isRequired = false }: QueryField<T>): PropertyDecorator {
  const parsed = (value: unknown): T | undefined => (typeof value === 'string' ? parse(value) : undefined);
  return applyDecorators(
    isRequired ? ApiProperty(schema) : ApiPropertyOptional(schema),
    // What cannot be parsed stays as it is, and fails the validation.
    Transform(({ value }: { value: unknown }) => parsed(value) ?? new Unparsed(value)),
    ValidateBy({
      name: 'query',
      validator: {
        validate: (value) => !(value instanceof Unparsed) && (value !== undefined || !isRequired),
        defaultMessage: () => `$property ${problem}`,
      },
    }),
  );
}

/** A value that is not what its field holds. */
class Unparsed {
  constructor(readonly value: unknown) {}
}
