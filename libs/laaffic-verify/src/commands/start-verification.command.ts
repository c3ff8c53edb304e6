import { Expose } from 'class-transformer';
import {
  challengeProblem,
  clientProblem,
  countryProblem,
  numberProblem,
  purposeProblem,
  textProblem,
} from '../request-rules.js';
import type { StartOptions, StartVerification } from '../verification.js';
import type { VerificationClient } from '../texts/autofill.js';
import { CheckedBy, optional } from './checked-by.js';

/** What a visitor may say. The binding is a part of the text of the message, so it must come from the app. */
type VisitorStart = Omit<StartVerification, 'binding'> & Pick<StartOptions, 'locale' | 'client' | 'challenge'>;

/**
 * The start of a verification as the body of a controller. Nest's `ValidationPipe` checks it by the rules of the service. It
 * has nothing that a visitor must not choose: no binding, session, source or tenant.
 * @example
 * @Post()
 * start(@Body() command: StartVerificationCommand, @ClientSource() source: string | undefined) {
 *   const { locale, client, challenge } = command;
 *   return this.verification.start(command, { source, locale, client, challenge });
 * }
 */
export class StartVerificationCommand implements VisitorStart {
  /** The description for `@nestjs/swagger`, in the form of its own plugin, so that it need not be installed. */
  static _OPENAPI_METADATA_FACTORY(): Record<keyof VisitorStart, object> {
    return {
      to: { required: true, type: String, maxLength: 64, description: 'The phone number.', example: '+44 7400 123456' },
      country: { required: false, type: String, description: 'The country of a national number.', example: 'GB' },
      purpose: {
        required: true,
        type: String,
        maxLength: 64,
        description: 'What the code is for.',
        example: 'sign-in',
      },
      locale: { required: false, type: String, description: 'The language of the text.', example: 'en-GB' },
      client: { required: false, enum: ['web', 'android', 'ios'], description: 'Where the user enters the code.' },
      challenge: { required: false, type: String, description: 'The answer to the challenge, after VERIFY_CHALLENGE.' },
    };
  }

  /** A phone number as people write it: international, or national with `country`. */
  @Expose()
  @CheckedBy((value, { country }) => numberProblem(value, country))
  to!: string;

  /** The country of a national number, as ISO 3166-1 alpha-2. */
  @Expose()
  @CheckedBy(countryProblem)
  country?: string | undefined;

  /** What the code is for: 1 to 64 letters, digits, `-`, `_`, `.` or `:`. */
  @Expose()
  @CheckedBy(purposeProblem)
  purpose!: string;

  /** The language of the text, as a BCP 47 tag. An unknown tag counts as not given. */
  @Expose()
  @CheckedBy(optional(textProblem))
  locale?: string | undefined;

  /** Where the user enters the code: `web`, `android` or `ios`. */
  @Expose()
  @CheckedBy(clientProblem)
  client?: VerificationClient | undefined;

  /** The visitor's answer to the challenge of the app, after `VERIFY_CHALLENGE`. */
  @Expose()
  @CheckedBy(optional(challengeProblem))
  challenge?: string | undefined;
}
