import { codeProblem, purposeProblem, clientProblem, textProblem } from '../../request-rules.js';
import { CheckedBy, optional } from '../../commands/checked-by.js';
import type { VerificationClient } from '../../texts/autofill.js';

const PURPOSE = { required: true, type: String, maxLength: 64, description: 'What the code is for.' };

/** The body of a check. The id is in the path. */
export class CheckBody {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return {
      purpose: PURPOSE,
      code: { required: true, type: String, description: 'The code, as the user entered it.', example: '123 456' },
    };
  }

  @CheckedBy(purposeProblem)
  purpose!: string;

  @CheckedBy(codeProblem)
  code!: string;
}

/** The body of a resend. The id is in the path. */
export class ResendBody {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return {
      locale: { required: false, type: String, description: 'The language of the text.', example: 'en-GB' },
      client: { required: false, enum: ['web', 'android', 'ios'], description: 'Where the user enters the code.' },
    };
  }

  @CheckedBy(optional(textProblem))
  locale?: string;

  @CheckedBy(clientProblem)
  client?: VerificationClient;
}
