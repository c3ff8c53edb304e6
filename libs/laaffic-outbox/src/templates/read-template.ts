import { segments, type Issue } from 'nestjs-laaffic';
import { parseTemplate, type TemplatePart } from './parse-template.js';
import { canonicalLocale } from './template-locale.js';
import { countCharacters } from './template-value.js';
import { countParts, MAX_CONTENT, type TemplateDefinition } from './template.js';

/** What a template is. */
export interface NewTemplate {
  /**
   * A text for each locale, by BCP 47 tags such as `pt-BR`. Placeholders are `{{name}}`, which needs a value, and
   * `{{name|fallback}}`. Variables without a fallback are the same in all texts.
   */
  readonly texts: Readonly<Record<string, string>>;
  /** The locale of the text that is sent if no other one fits. */
  readonly defaultLocale: string;
  /**
   * The largest number of parts of an SMS that a text may need with its values, 1 to 32.
   * @default as many as the platform accepts
   */
  readonly maxParts?: number | undefined;
  /**
   * Whether line ends of values stay. Otherwise they become blanks.
   * @default false
   */
  readonly keepsLineEnds?: boolean | undefined;
}

/** A variable of a template. */
export interface TemplateVariable {
  readonly name: string;
  /** Whether a text has it without a fallback, so every message needs a value. */
  readonly isRequired: boolean;
}

/** Enough for every language that a phone can show. */
const MAX_LOCALES = 100;
/** More than 1,024 characters with the longest placeholders. Nothing longer is parsed. */
const MAX_SOURCE = 20_000;
/** What the longest text that the platform accepts can need. */
const MAX_PARTS = 32;

/**
 * Checks a template from any source.
 * @returns the template with its locales in their usual form, its texts in NFC and with the line end `\n`; or every
 * problem.
 */
export function readTemplate(
  template: unknown,
): { readonly definition: TemplateDefinition } | { readonly issues: readonly Issue[] } {
  const given = (typeof template === 'object' && template !== null ? template : {}) as Record<string, unknown>;
  const { defaultLocale, maxParts, keepsLineEnds = false } = given;
  const issues: Issue[] = [];
  if (typeof keepsLineEnds !== 'boolean') issues.push({ field: 'keepsLineEnds', problem: 'must be true or false' });
  const limit = readMaxParts(maxParts);
  if (limit === 'wrong') {
    issues.push({ field: 'maxParts', problem: `must be a whole number from 1 to ${MAX_PARTS}` });
  }
  const texts = readTexts(given['texts'], typeof limit === 'number' ? limit : undefined, issues);
  const locale = canonicalLocale(defaultLocale);
  if (locale === undefined) issues.push({ field: 'defaultLocale', problem: NOT_A_LOCALE });
  else if (texts !== undefined && !texts.has(locale)) {
    issues.push({ field: 'defaultLocale', problem: 'must be the locale of one of the texts' });
  }
  const inDefault = locale === undefined ? undefined : texts?.get(locale)?.parts;
  if (texts !== undefined && inDefault !== undefined) {
    for (const [other, text] of texts) {
      if (text === undefined || other === locale) continue;
      issues.push(...differences(other, variablesOf(text.parts), variablesOf(inDefault)));
    }
  }
  if (issues.length > 0 || texts === undefined || locale === undefined) return { issues };
  return {
    definition: {
      texts: Object.fromEntries([...texts].map(([name, text]) => [name, text?.source ?? ''])),
      defaultLocale: locale,
      maxParts: limit === 'wrong' ? undefined : limit,
      keepsLineEnds: keepsLineEnds === true,
    },
  };
}

/** The variables of parsed texts, in the order in which they first occur. */
export function variablesOf(parts: Iterable<TemplatePart>): TemplateVariable[] {
  const required = new Map<string, boolean>();
  for (const part of parts) {
    if (typeof part === 'string') continue;
    required.set(part.name, (required.get(part.name) ?? false) || part.fallback === undefined);
  }
  return [...required].map(([name, isRequired]) => ({ name, isRequired }));
}

const NOT_A_LOCALE = 'must be a BCP 47 language tag, such as pt-BR';

interface ParsedText {
  readonly source: string;
  readonly parts: readonly TemplatePart[];
}

/** @returns the texts by their locales, `undefined` for a wrong one; `undefined` if they are not texts by locale. */
function readTexts(
  texts: unknown,
  maxParts: number | undefined,
  issues: Issue[],
): ReadonlyMap<string, ParsedText | undefined> | undefined {
  const isObject = typeof texts === 'object' && texts !== null && !Array.isArray(texts);
  const entries: [string, unknown][] = isObject ? Object.entries(texts) : [];
  if (entries.length === 0) {
    issues.push({ field: 'texts', problem: 'must be an object with a text for each locale' });
    return undefined;
  }
  if (entries.length > MAX_LOCALES) {
    issues.push({ field: 'texts', problem: `must have at most ${MAX_LOCALES} locales` });
    return undefined;
  }
  const read = new Map<string, ParsedText | undefined>();
  for (const [tag, text] of entries) {
    const locale = canonicalLocale(tag);
    if (locale === undefined) {
      issues.push({ field: 'texts', problem: 'has a key that is not a BCP 47 language tag, such as pt-BR' });
      continue;
    }
    const field = `texts.${locale}`;
    if (read.has(locale)) issues.push({ field, problem: 'is given twice' });
    const parsed = readText(text, maxParts);
    const isWrong = 'problems' in parsed;
    if (isWrong) issues.push(...parsed.problems.map((problem) => ({ field, problem })));
    read.set(locale, isWrong ? undefined : parsed);
  }
  return read;
}

function readText(text: unknown, maxParts: number | undefined): ParsedText | { readonly problems: readonly string[] } {
  const wrong = (problem: string) => ({ problems: [problem] });
  if (typeof text !== 'string') return wrong('must be text');
  if (text.trim() === '') return wrong('must not be empty');
  if (text.length > MAX_SOURCE) return wrong(TOO_LONG);
  if (/\0|\p{Surrogate}/u.test(text)) return wrong('must not contain the character 0 or half of a surrogate pair');
  const source = text.replaceAll(/\r\n?/g, '\n').normalize('NFC');
  const parsed = parseTemplate(source);
  if ('problems' in parsed) {
    return { problems: parsed.problems.map(({ character, problem }) => `${problem} (at character ${character})`) };
  }
  const { parts } = parsed;
  // A value has at least one character. A text that is too long even so can never be sent.
  const shortest = parts.map((part) => (typeof part === 'string' ? part : (part.fallback ?? 'x'))).join('');
  if (countCharacters(shortest) > MAX_CONTENT) return wrong(TOO_LONG);
  const needed = maxParts === undefined ? 0 : segments(shortest).parts;
  return maxParts === undefined || needed <= maxParts
    ? { source, parts }
    : wrong(`needs at least ${countParts(needed)}, and maxParts is ${maxParts}`);
}

const TOO_LONG = `must have at most ${MAX_CONTENT} characters`;

/**
 * What would surprise a caller that knows the default text only: a value that only another text needs, or one that
 * another text forgets.
 */
function differences(
  locale: string,
  variables: readonly TemplateVariable[],
  inDefault: readonly TemplateVariable[],
): Issue[] {
  const field = `texts.${locale}`;
  const isRequiredIn = (list: readonly TemplateVariable[], wanted: string) =>
    list.some(({ name, isRequired }) => name === wanted && isRequired);
  const added = variables.filter(({ name, isRequired }) => isRequired && !isRequiredIn(inDefault, name));
  const forgotten = inDefault.filter(
    ({ name, isRequired }) => isRequired && !variables.some((variable) => variable.name === name),
  );
  return [
    ...added.map(({ name }) => ({
      field,
      problem: `needs a fallback for ${name}, because the text of the default locale does not require it`,
    })),
    ...forgotten.map(({ name }) => ({
      field,
      problem: `must contain ${name}, because the text of the default locale requires it`,
    })),
  ];
}

function readMaxParts(maxParts: unknown): number | undefined | 'wrong' {
  if (maxParts === undefined) return undefined;
  const isRight = typeof maxParts === 'number' && Number.isInteger(maxParts) && maxParts >= 1 && maxParts <= MAX_PARTS;
  return isRight ? maxParts : 'wrong';
}
