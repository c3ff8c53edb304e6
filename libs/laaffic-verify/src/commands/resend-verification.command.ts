import { Expose } from 'class-transformer';
import { clientProblem, textProblem } from '../request-rules.js';
import type { StartOptions } from '../verification.js';
import type { VerificationClient } from '../texts/autofill.js';
import { CheckedBy, optional } from './checked-by.js';

type VisitorResend = { readonly id: string } & Pick<StartOptions, 'locale' | 'client'>;

/**
 * The wish for another message, as the body of a controller.
 * @example
 * @Post('resend')
 * resend(@Body() { id, locale, client }: ResendVerificationCommand, @ClientSource() source: string | undefined) {
 *   return this.verification.resend(id, { source, locale, client });
 * }
 */
export class ResendVerificationCommand implements VisitorResend {
  /** The description for `@nestjs/swagger`, in the form of its own plugin, so that it need not be installed. */
  static _OPENAPI_METADATA_FACTORY(): Record<keyof VisitorResend, object> {
    return {
      id: { required: true, type: String, description: 'The id of the verification.' },
      locale: { required: false, type: String, description: 'The language of the text.', example: 'en-GB' },
      client: { required: false, enum: ['web', 'android', 'ios'], description: 'Where the user enters the code.' },
    };
  }

  /** The id that the start returned. */
  @Expose()
  @CheckedBy(textProblem)
  id!: string;

  /** The language of the text, as a BCP 47 tag. */
  @Expose()
  @CheckedBy(optional(textProblem))
  locale?: string | undefined;

  /** Where the user enters the code: `web`, `android` or `ios`. */
  @Expose()
  @CheckedBy(clientProblem)
  client?: VerificationClient | undefined;
}
