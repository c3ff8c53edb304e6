import type { PhoneNumberType } from 'libphonenumber-js/max';

/** What a hook knows of a start. */
export interface HookContext {
  readonly purpose: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly tenant: string;
  /** The address of the visitor, if the app gave it. */
  readonly source: string | undefined;
}

/**
 * A challenge for suspicious visitors, such as Turnstile or hCaptcha.
 * @example
 * const challenge: Challenge = {
 *   async verify(answer, { source }) {
 *     const body = new URLSearchParams({ secret, response: answer, remoteip: source ?? '' });
 *     const response = await fetch('https://challenges.cloudflare.com/turnstile/v0/siteverify', { method: 'POST', body });
 *     return ((await response.json()) as { success: boolean }).success;
 *   },
 * };
 */
export interface Challenge {
  /** Whether the answer of the visitor is right. An error or no answer within 3 seconds counts as wrong, and is an alarm. */
  verify(answer: string, context: HookContext): Promise<boolean>;
}

/** What a lookup knows of a number. */
export interface NumberFacts {
  /** The type of the number, which metadata cannot tell in some countries, such as `VOIP` in the USA. */
  readonly type?: PhoneNumberType | undefined;
  /** When the SIM card of the number was changed. */
  readonly simChangedAt?: Date | undefined;
}

/** Asks a service about numbers before a code is sent. */
export interface NumberLookup {
  /**
   * Called for every start. The implementation decides which purposes are worth a lookup, and keeps results as long as it
   * wants. An error or no answer within 3 seconds is an alarm, and the start goes on without the facts.
   * @param number in E.164.
   * @returns `undefined` if it says nothing about the number.
   */
  lookup(number: string, context: HookContext): Promise<NumberFacts | undefined>;
}

const PATIENCE_MS = 3_000;

/** The answer of a hook; `undefined` if it fails or takes too long, which `onFailure` is told. */
export async function askHook<T>(ask: () => Promise<T | undefined>, onFailure: () => void): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error('No answer'));
      }, PATIENCE_MS);
    });
    return await Promise.race([ask(), late]);
  } catch {
    onFailure();
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
