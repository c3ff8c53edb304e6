import type { SandboxQuirks } from '../options/sandbox.quirks.js';

/** The digits of a number with its country code; `null` when the gateway does not take it. */
export function numberForm(sent: string, quirks: Readonly<SandboxQuirks>): string | null {
  const number = quirks.looseNumbers === 'tolerate' ? sent.replace(/[\s+]/g, '').replace(/^00/, '') : sent;
  const { minDigits, maxDigits } = quirks;
  return number.length >= minDigits && number.length <= maxDigits && /^[1-9]\d*$/.test(number) ? number : null;
}
