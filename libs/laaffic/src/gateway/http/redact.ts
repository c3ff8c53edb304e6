import { maskNumbersIn } from '../../messages/phone-number.js';
import type { Credentials } from '../../signing/credentials.js';

const MAX_LENGTH = 200;
/** Shorter contents would match parts of other words. */
const MIN_CONTENT_LENGTH = 4;

/**
 * Makes the gateway's text safe for errors and logs: without secrets, contents and whole numbers of the request, and not
 * longer than 200 characters.
 */
export function redact(text: string, credentials: Credentials, contents: readonly string[]): string {
  const redacted = contents
    .filter((content) => content.length >= MIN_CONTENT_LENGTH)
    .reduce((rest, content) => rest.replaceAll(content, '[content]'), credentials.redact(text));
  return maskNumbersIn(redacted).slice(0, MAX_LENGTH);
}
