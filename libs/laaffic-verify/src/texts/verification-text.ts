/** What a text can show. Line ends, control characters and direction marks are removed from all values. */
export interface VerificationTextValues {
  /** ASCII digits in every language. */
  readonly code: string;
  /** The name of the app, as in the options. */
  readonly app: string;
  /** How many whole minutes of the code's lifetime are left, at least 1. */
  readonly minutes: number;
  /** A short mark such as `K7` that the app shows too, so that users know which message is the current one. */
  readonly reference?: string | undefined;
  /**
   * What the code approves, such as `{ amount: '10.00 EUR', payee: 'ACME' }`. The text must show every value (dynamic
   * linking of PSD2).
   */
  readonly binding?: Readonly<Record<string, string>> | undefined;
}

/**
 * Writes the text of a message, without the last line that phones read for autofill.
 *
 * It may return several wordings, the preferred one first. The package sends the first one that fits into one part together
 * with the last line, otherwise the last one.
 * @example
 * const english: VerificationText = ({ code, app }) => [
 *   `${code} is your ${app} code. We never ask for it by phone.`,
 *   `${code} is your ${app} code.`,
 * ];
 */
export type VerificationText = (values: VerificationTextValues) => string | readonly string[];
