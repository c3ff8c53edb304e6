import { Expose } from 'class-transformer';
import { codeProblem, purposeProblem, textProblem } from '../request-rules.js';
import type { CheckVerification } from '../verification.js';
import { CheckedBy } from './checked-by.js';

/** A binding comes from the app, which knows what it is about to do. */
type VisitorCheck = Omit<CheckVerification, 'binding'>;

/**
 * A code that a user has entered, as the body of a controller. Nest's `ValidationPipe` checks it by the rules of the service.
 * Any text can be an id: the service does not tell malformed and unknown ids apart.
 * @example
 * @Post('check')
 * async check(@Body() command: CheckVerificationCommand, @ClientSource() source: string | undefined) {
 *   const result = await this.verification.check(command, { source });
 *   if (result.status !== 'approved') throw toVerificationError(result);
 *   return { proof: result.proof };
 * }
 */
export class CheckVerificationCommand implements VisitorCheck {
  /** The description for `@nestjs/swagger`, in the form of its own plugin, so that it need not be installed. */
  static _OPENAPI_METADATA_FACTORY(): Record<keyof VisitorCheck, object> {
    return {
      id: { required: true, type: String, description: 'The id of the verification.' },
      purpose: {
        required: true,
        type: String,
        maxLength: 64,
        description: 'What the code is for.',
        example: 'sign-in',
      },
      code: { required: true, type: String, description: 'The code, as the user entered it.', example: '123 456' },
    };
  }

  /** The id that the start returned. */
  @Expose()
  @CheckedBy(textProblem)
  id!: string;

  /** The purpose that the verification was started with. */
  @Expose()
  @CheckedBy(purposeProblem)
  purpose!: string;

  /** The code as a person enters it: with blanks or hyphens, in the digits of any script. */
  @Expose()
  @CheckedBy(codeProblem)
  code!: string;
}
