import type { Attributes } from '@opentelemetry/api';
import type { VerificationActivity } from '../activity/verification-activity.js';

const MOST_PURPOSES = 30;
/** As in OpenTelemetry's conventions: a value that is not told apart. */
const OTHER = '_OTHER';

/**
 * The labels of metrics and spans. An app may take a purpose from a request, so only the first 30 are told apart. Countries
 * are those with phone numbers.
 */
export class ActivityLabels {
  readonly #purposes = new Set<string>();

  of({ result, purpose, country, code, rule }: VerificationActivity): Attributes {
    return {
      'laaffic.verification.result': result,
      ...(purpose === undefined ? {} : { 'laaffic.verification.purpose': this.#bounded(purpose) }),
      ...(country === undefined ? {} : { 'laaffic.verification.country': country }),
      ...(rule === undefined ? {} : { 'laaffic.verification.rule': rule }),
      ...errorLabel(result, code),
    };
  }

  #bounded(purpose: string): string {
    if (this.#purposes.size < MOST_PURPOSES) this.#purposes.add(purpose);
    return this.#purposes.has(purpose) ? purpose : OTHER;
  }
}

function errorLabel(result: VerificationActivity['result'], code: string | undefined): Attributes {
  return result === 'rejected' || result === 'failed' ? { 'error.type': code ?? OTHER } : {};
}
