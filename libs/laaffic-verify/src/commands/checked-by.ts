import { ValidateBy } from 'class-validator';

/**
 * Validates a field by a rule.
 * @param problemOf returns the rest of a sentence that starts with the field; `undefined` if the value is right.
 */
export function CheckedBy(
  problemOf: (value: unknown, fields: Readonly<Record<string, unknown>>) => string | undefined,
): PropertyDecorator {
  return ValidateBy({
    name: 'laafficVerify',
    validator: {
      validate: (value, args) => problemOf(value, (args?.object ?? {}) as Record<string, unknown>) === undefined,
      defaultMessage: (args) =>
        `${args?.property ?? 'it'} ${problemOf(args?.value, (args?.object ?? {}) as Record<string, unknown>) ?? ''}`,
    },
  });
}

/** A field that may be left out. */
export function optional(problemOf: (value: unknown) => string | undefined): (value: unknown) => string | undefined {
  return (value) => (value === undefined ? undefined : problemOf(value));
}
