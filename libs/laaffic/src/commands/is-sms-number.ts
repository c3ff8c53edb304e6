import { ValidateBy, type ValidationOptions } from 'class-validator';
import { normalizeNumber, numberProblem } from '../messages/phone-number.js';

/**
 * Checks that a field of a DTO is a phone number for an SMS, by the rules of `normalizeNumber` and `SendSmsCommand`. The
 * message says what is wrong, without the number.
 * @example
 * class SignUpDto {
 *   @IsSmsNumber()
 *   phone!: string;
 * }
 */
export function IsSmsNumber(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isSmsNumber',
      validator: {
        validate: (value) => typeof value === 'string' && normalizeNumber(value) !== undefined,
        defaultMessage: (args) => `${args?.property ?? 'it'} ${numberProblem(args?.value)}`,
      },
    },
    options,
  );
}
