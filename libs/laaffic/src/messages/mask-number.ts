/**
 * Shortens a phone number for logs and errors: `91856321412` becomes `9185…412`. A number of fewer
 * than ten digits, where that would hide next to nothing, keeps its last two: `…12`.
 */
export function maskNumber(number: string): string {
  return number.length < 10 ? `…${number.slice(-2)}` : `${number.slice(0, 4)}…${number.slice(-3)}`;
}

/** Masks every run of digits long enough to be a phone number in a text that others wrote. */
export function maskNumbersIn(text: string): string {
  return text.replace(/\d{7,}/g, maskNumber);
}
