import { VerificationError, VerificationOptionsError } from '../errors/verification.error.js';
import { withLastLine, type AutofillOptions, type VerificationClient } from './autofill.js';
import { BUILT_IN_TEXTS } from './built-in-texts.js';
import { cleanValue } from './clean-value.js';
import { chooseLocale, normalizeLocale } from './text-locales.js';
import { textOfTemplate } from './text-template.js';
import type { VerificationText, VerificationTextValues } from './verification-text.js';

/** The texts of the messages, and what phones read in them. `checkTexts` checks all of it when the app starts. */
export interface VerificationTextOptions extends AutofillOptions {
  /** The name of the app, as users know it. */
  readonly app: string;
  /**
   * Texts by locale (`de`, `pt-BR`), each a template or a function. They replace the built-in text of the same locale.
   *
   * A template has placeholders: `{code}`, `{app}`, `{minutes}` (the number alone), `{duration}` (`1 minute`), `{reference}`,
   * `{binding}` (`amount: 10.00 EUR, payee: ACME`) and `{binding.amount}` for one field.
   * @example
   * { en: '{code} is your {app} code. It expires in {duration}.' }
   */
  readonly messages?: Readonly<Record<string, string | VerificationText>> | undefined;
  /**
   * Whether locales without a text of yours have the built-in one. Say `false` if your application at the platform accepts
   * fixed templates only; `messages` are then all texts.
   * @default true
   */
  readonly builtInTexts?: boolean | undefined;
  /**
   * The locale of a message if there is no text for the asked locale and for the country of the number.
   * @default 'en', or the first of `messages` if there is no English text
   */
  readonly defaultLocale?: string | undefined;
}

/** What a message is written for. */
export interface VerificationMessage {
  /** ASCII digits. */
  readonly code: string;
  /** How long the code is still valid, in milliseconds. The text shows whole minutes, rounded down, at least 1. */
  readonly remainingMs: number;
  /** The language tag that the user asked for (BCP 47). Anything else counts as not given. */
  readonly locale?: string | undefined;
  /** The country of the number (ISO 3166, two letters). */
  readonly country?: string | undefined;
  /** @default a client that reads the origin line, as browsers do */
  readonly client?: VerificationClient | undefined;
  readonly reference?: string | undefined;
  readonly binding?: Readonly<Record<string, string>> | undefined;
}

/** The most characters that the platform accepts (vendor page "Sending Messages"). */
export const MAX_TEXT_CHARACTERS = 1024;

const MINUTE_MS = 60_000;
const COUNTRY = /^[A-Z]{2}$/;

/**
 * The texts that are configured, by locale.
 * @example
 * const texts = new VerificationTexts({ app: 'ACME', domain: 'acme.example' });
 * texts.write({ code: '123456', remainingMs: 600_000, locale: 'de-CH' });
 * // 'ACME: Ihr Code lautet 123456. Er ist noch 10 Minuten gültig. Geben Sie ihn nicht weiter.\n@acme.example #123456'
 */
export class VerificationTexts {
  /** The locales that have a text, the built-in ones first. */
  readonly locales: readonly string[];
  readonly defaultLocale: string;
  readonly #texts: ReadonlyMap<string, VerificationText>;
  readonly #app: string;
  readonly #autofill: AutofillOptions;
  /** By country. The language data of the runtime are slow to ask. */
  readonly #localeOf = new Map<string, string>();

  /**
   * @throws VerificationOptionsError if there is no text, or none for the default locale. It does not check the texts
   * themselves; `checkTexts` does.
   */
  constructor(options: VerificationTextOptions) {
    const texts = new Map<string, VerificationText>(
      options.builtInTexts === false ? [] : Object.entries(BUILT_IN_TEXTS),
    );
    const own = Object.entries(options.messages ?? {}).flatMap(([tag, text]) => {
      const locale = normalizeLocale(tag);
      return locale === undefined ? [] : [[locale, text] as const];
    });
    for (const [locale, text] of own) {
      texts.set(locale, typeof text === 'string' ? textOfTemplate(text, locale) : text);
    }
    this.#texts = texts;
    this.#app = cleanValue(options.app);
    this.#autofill = options;
    this.locales = Array.from(texts.keys());
    const fallback = options.defaultLocale ?? (texts.has('en') ? 'en' : (own[0]?.[0] ?? ''));
    this.defaultLocale = normalizeLocale(fallback) ?? '';
    if (!texts.has(this.defaultLocale)) {
      const problem = texts.size === 0 ? 'messages must have a text' : 'defaultLocale must be a locale that has a text';
      throw new VerificationOptionsError([problem]);
    }
  }

  /** Chooses the locale of a message: the asked one, its language, the main language of the country, the default. */
  choose(locale: string | undefined, country: string | undefined): string {
    if (locale !== undefined || country === undefined || !COUNTRY.test(country)) {
      return chooseLocale(this.locales, locale, country, this.defaultLocale);
    }
    let chosen = this.#localeOf.get(country);
    if (chosen === undefined) {
      chosen = chooseLocale(this.locales, undefined, country, this.defaultLocale);
      this.#localeOf.set(country, chosen);
    }
    return chosen;
  }

  /**
   * Writes the whole content of a message, with its last line.
   * @throws VerificationError `VERIFY_INVALID_REQUEST` if the binding makes it longer than 1,024 characters, and
   * VerificationOptionsError if the text does not show the code and the whole binding.
   */
  write(message: VerificationMessage): string {
    return this.writeIn(this.choose(message.locale, message.country), message);
  }

  /** As `write`, but in a given locale of `locales`. */
  writeIn(locale: string, message: VerificationMessage): string {
    const wordings = this.wordingsIn(locale, message);
    const shown = [message.code, ...Object.values(message.binding ?? {}).map(cleanValue)];
    if (wordings.some((wording) => shown.some((value) => !wording.includes(value)))) {
      throw wrongText(locale, 'does not show the code and every field of the binding');
    }
    const content = withLastLine(wordings, message.code, message.client, this.#autofill);
    if (Array.from(content).length > MAX_TEXT_CHARACTERS) {
      const problem = `The text of the message has more than ${MAX_TEXT_CHARACTERS} characters`;
      throw new VerificationError('VERIFY_INVALID_REQUEST', problem, { field: 'binding' });
    }
    return content;
  }

  /** The wordings that a text has for a message, the preferred one first, without the last line. */
  wordingsIn(locale: string, message: VerificationMessage): readonly string[] {
    const written = this.#call(locale, this.#valuesOf(message));
    const wordings: readonly unknown[] = Array.isArray(written) ? written : [written];
    const texts = wordings.filter((wording) => typeof wording === 'string').map((wording) => wording.trim());
    if (texts.length === 0 || texts.length < wordings.length || texts.includes('')) {
      throw wrongText(locale, 'is not text, or is empty');
    }
    return texts;
  }

  #valuesOf({ code, remainingMs, reference, binding }: VerificationMessage): VerificationTextValues {
    const fields = Object.entries(binding ?? {}).map(
      ([field, value]) => [cleanValue(field), cleanValue(value)] as const,
    );
    return {
      code,
      app: this.#app,
      minutes: Math.max(1, Math.floor(remainingMs / MINUTE_MS)),
      reference: reference === undefined ? undefined : cleanValue(reference),
      binding: fields.length === 0 ? undefined : Object.fromEntries(fields),
    };
  }

  #call(locale: string, values: VerificationTextValues): unknown {
    const text = this.#texts.get(locale);
    if (typeof text !== 'function') throw wrongText(locale, 'must be a template or a function');
    try {
      return text(values);
    } catch {
      // Without the cause: its message may contain the code.
      throw wrongText(locale, 'threw an error');
    }
  }
}

function wrongText(locale: string, problem: string): VerificationOptionsError {
  return new VerificationOptionsError([`messages.${locale} ${problem}`]);
}
