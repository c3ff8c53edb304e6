import { segments, type NonGsm7Character } from 'nestjs-laaffic';
import { VerificationError, VerificationOptionsError } from '../errors/verification.error.js';
import { autofillProblems, withoutOriginLine, type VerificationClient } from './autofill.js';
import { cleanValue } from './clean-value.js';
import { normalizeLocale } from './text-locales.js';
import { templateProblems } from './text-template.js';
import { MAX_TEXT_CHARACTERS, VerificationTexts, type VerificationTextOptions } from './verification-texts.js';

/** What the messages of an app have to show. */
export interface ExpectedMessages {
  /**
   * How many digits a code has.
   * @default 10, the most
   */
  readonly digits?: number | undefined;
  /**
   * Whether messages show a reference.
   * @default true
   */
  readonly hasReference?: boolean | undefined;
  /**
   * The fields of the binding of each purpose that has one, such as `[['amount', 'payee']]`. Every text must show them.
   * @default none
   */
  readonly bindings?: readonly (readonly string[])[] | undefined;
}

/** What is wrong with texts. Each entry is a sentence that names the field of the options. */
export interface TextCheck {
  /** The app must not start. */
  readonly problems: readonly string[];
  /** It can start, but messages cost more than they need to, or are less convenient. */
  readonly warnings: readonly string[];
}

const SAMPLE_CODE = '9073618452';
const SAMPLE_REFERENCE = 'K7';
const MINUTE_MS = 60_000;
const LONGEST_MINUTES = 10;
/** More characters than this are the script of the language, not slips. */
const MOST_NAMED_CHARACTERS = 10;

/**
 * Checks all texts of an app when it starts: it writes each of them for every number of minutes and every kind of client.
 *
 * Problems are unknown placeholders, a text that does not show the code exactly once apart from the origin line, a text that
 * does not show a binding, more than 1,024 characters, and a text of yours with more than 140 bytes with an Android hash.
 * Warnings are messages of more than one part, with the characters that need UCS-2, and messages that a binding or a built-in
 * text makes too long for an Android hash.
 * @example
 * const { problems, warnings } = checkTexts({ app: 'ACME', messages: { en: 'Your code: {cod}' } });
 * // problems: ['messages.en has the unknown placeholder {cod}', 'messages.en must show the code exactly once']
 */
export function checkTexts(options: VerificationTextOptions, expected: ExpectedMessages = {}): TextCheck {
  const problems = [...autofillProblems(options), ...optionProblems(options, expected)];
  const warnings: string[] = [];
  const texts = readTexts(options, problems);
  if (texts === undefined) return { problems, warnings };
  for (const locale of texts.locales) {
    const check = new LocaleCheck(texts, locale, options);
    for (const message of sampleMessages(options, expected)) check.add(message);
    problems.push(...check.problems);
    warnings.push(...check.warnings);
  }
  return { problems, warnings };
}

interface SampleMessage {
  readonly code: string;
  readonly remainingMs: number;
  readonly client: VerificationClient;
  readonly reference: string | undefined;
  readonly binding: Readonly<Record<string, string>> | undefined;
}

function sampleMessages(options: VerificationTextOptions, expected: ExpectedMessages): readonly SampleMessage[] {
  const { digits = SAMPLE_CODE.length, hasReference = true, bindings = [] } = expected;
  const clients: readonly VerificationClient[] = options.androidHash === undefined ? ['web'] : ['web', 'android'];
  const samples = [undefined, ...bindings.map(sampleBinding)];
  const minutes = Array.from({ length: LONGEST_MINUTES }, (_, index) => index + 1);
  return clients.flatMap((client) =>
    samples.flatMap((binding) =>
      minutes.map((count) => ({
        code: SAMPLE_CODE.slice(0, digits),
        remainingMs: count * MINUTE_MS,
        client,
        reference: hasReference ? SAMPLE_REFERENCE : undefined,
        binding,
      })),
    ),
  );
}

/** Each field has a value of its own, as long as an amount or a short name. */
function sampleBinding(fields: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    fields.map((field, index) => [field, `Sample ${String.fromCharCode(0x41 + (index % 26))}`]),
  );
}

/** The findings about the text of one locale. Each is reported once, not for every sample. */
class LocaleCheck {
  readonly problems: string[] = [];
  readonly #texts: VerificationTexts;
  readonly #locale: string;
  readonly #hash: string | undefined;
  readonly #hasDomain: boolean;
  readonly #isOwn: boolean;
  #parts = 1;
  #characters: readonly NonGsm7Character[] = [];
  #losesHash = false;

  constructor(texts: VerificationTexts, locale: string, options: VerificationTextOptions) {
    this.#texts = texts;
    this.#locale = locale;
    this.#hash = options.androidHash;
    this.#hasDomain = options.domain !== undefined;
    this.#isOwn = Object.keys(options.messages ?? {}).some((tag) => normalizeLocale(tag) === locale);
  }

  get warnings(): readonly string[] {
    const warnings: string[] = [];
    if (this.#parts > 1) {
      const reason = this.#characters.length === 0 ? '' : `, because of ${nameCharacters(this.#characters)}`;
      warnings.push(`messages.${this.#locale} takes ${this.#parts} parts of an SMS${reason}`);
    }
    if (this.#losesHash) {
      warnings.push(
        `messages.${this.#locale} can have more than 140 bytes with the Android hash: such a message has no hash`,
      );
    }
    return warnings;
  }

  add(message: SampleMessage): void {
    try {
      const { code } = message;
      const wordings = this.#texts.wordingsIn(this.#locale, message);
      const bodies = this.#hasDomain ? wordings : wordings.map((wording) => withoutOriginLine(wording, code));
      if (bodies.some((body) => !hasOnce(body, code))) this.#report('must show the code exactly once');
      const shown = Object.values(message.binding ?? {});
      const hidden = wordings.some((wording) => shown.some((value) => !wording.includes(value)));
      if (hidden) this.#report(`must show the binding (${Object.keys(message.binding ?? {}).join(', ')})`);
      if (wordings.some((wording) => Array.from(wording).length > MAX_TEXT_CHARACTERS)) {
        this.#report(`must have at most ${MAX_TEXT_CHARACTERS} characters`);
      } else if (this.problems.length === 0) {
        this.#measure(message);
      }
    } catch (error) {
      if (error instanceof VerificationError) {
        this.#report(`must have at most ${MAX_TEXT_CHARACTERS} characters with its last line`);
      } else if (error instanceof VerificationOptionsError) {
        this.problems.push(...error.problems.filter((problem) => !this.problems.includes(problem)));
      } else {
        throw error;
      }
    }
  }

  #measure(message: SampleMessage): void {
    const content = this.#texts.writeIn(this.#locale, message);
    const { parts, nonGsm7Characters } = segments(content);
    if (parts > this.#parts) {
      this.#parts = parts;
      this.#characters = nonGsm7Characters;
    }
    if (message.client !== 'android' || this.#hash === undefined || content.endsWith(`\n${this.#hash}`)) return;
    // A binding cannot be shortened, and a built-in text may be in a language that the app never uses.
    if (message.binding === undefined && this.#isOwn) this.#report('must have at most 140 bytes with the Android hash');
    else this.#losesHash = true;
  }

  #report(problem: string): void {
    const sentence = `messages.${this.#locale} ${problem}`;
    if (!this.problems.includes(sentence)) this.problems.push(sentence);
  }
}

/** Finds problems that need no text to be written. */
function optionProblems(options: VerificationTextOptions, { bindings }: ExpectedMessages): readonly string[] {
  const problems = cleanValue(options.app) === '' ? ['app must be a name'] : [];
  const fields = bindings === undefined ? undefined : new Set(bindings.flat());
  const seen = new Set<string>();
  for (const [tag, text] of Object.entries(options.messages ?? {})) {
    const locale = normalizeLocale(tag);
    if (locale === undefined) problems.push(`messages.${tag} is not a locale such as de or pt-BR`);
    else if (seen.has(locale)) problems.push(`messages.${tag} is the locale ${locale}, which has two texts`);
    else seen.add(locale);
    if (typeof text === 'string') {
      problems.push(...templateProblems(text, fields).map((problem) => `messages.${locale ?? tag} ${problem}`));
    }
  }
  return problems;
}

function readTexts(options: VerificationTextOptions, problems: string[]): VerificationTexts | undefined {
  try {
    return new VerificationTexts(options);
  } catch (error) {
    if (!(error instanceof VerificationOptionsError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** Whether a text has the code once, and not as a part of a longer number. */
function hasOnce(text: string, code: string): boolean {
  const places = text.split(code).length - 1;
  return places === 1 && new RegExp(`(?<!\\p{N})${code}(?!\\p{N})`, 'u').test(text);
}

function nameCharacters(characters: readonly NonGsm7Character[]): string {
  const named = characters.slice(0, MOST_NAMED_CHARACTERS).map(({ character }) => `“${character}”`);
  const others = characters.length - named.length;
  return `${named.join(', ')}${others > 0 ? ` and ${others} other characters` : ''}, which GSM-7 does not have`;
}
