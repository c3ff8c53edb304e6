import { types } from 'node:util';
import type { OptionsReader } from 'nestjs-laaffic';
import { KEYWORD_LISTS, type LanguageKeywords } from './keyword-lists.js';
import { normalizeReply } from './normalize-reply.js';
import { ReplyKeywords, type KeywordsByLanguage } from './reply-keywords.js';

const MAX_KEYWORDS = 1_000;
const MAX_KEYWORD_LENGTH = 60;
const MAX_EXPRESSIONS = 100;
/** The language of a BCP 47 tag, perhaps with script and region. */
const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Z]{2}|\d{3}))?$/;
const FIELDS: readonly (keyof LanguageKeywords)[] = [
  ...(['optOut', 'optOutAlone', 'unclear', 'unclearAlone', 'optIn', 'optInAnswer', 'help'] as const),
];

/**
 * Reads the option with the keywords of replies, `{ add, remove, keep }`. Problems are reported to the reader.
 * @returns the built-in keywords if there is no such option, or if it has problems.
 */
export function readReplyKeywords(reader: OptionsReader, field: string): ReplyKeywords {
  const problemsBefore = reader.issues.length;
  const options = reader.nested(field);
  const remove = readLists(options, 'remove', problemOfRemoved);
  const add = readLists(options, 'add', (keyword) => problemOfAdded(keyword, remove));
  for (const [language, keywords] of Object.entries(remove)) {
    for (const [index, keyword] of keywords.entries()) {
      const others = languagesWith(keyword).filter((other) => !has(remove[other], keyword));
      if (others.length > 0) {
        options.report(
          `remove.${language}[${index}]`,
          `is also a keyword of ${others.join(', ')}: remove it there too, because all languages are active`,
        );
      }
    }
  }
  const keep = readExpressions(options);
  options.rejectUnknown();
  return reader.issues.length > problemsBefore ? new ReplyKeywords() : new ReplyKeywords({ add, remove, keep });
}

/** @param problemOf what is wrong with a keyword of a language: the rest of a sentence that starts with its place. */
function readLists(
  options: OptionsReader,
  field: 'add' | 'remove',
  problemOf: (keyword: string, language: string) => string | undefined,
): KeywordsByLanguage {
  const value = options.value(field) ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    options.report(field, "must be an object with lists of keywords by language: { de: ['AUS'] }");
    return {};
  }
  const lists: Record<string, readonly string[]> = {};
  for (const [language, list] of Object.entries(value)) {
    if (!LANGUAGE.test(language)) {
      options.report(field, 'must have languages such as en or pt-BR as its keys');
      continue;
    }
    if (!Array.isArray(list) || list.length > MAX_KEYWORDS) {
      options.report(`${field}.${language}`, `must be a list of at most ${MAX_KEYWORDS} keywords`);
      continue;
    }
    const keywords: string[] = [];
    for (const [index, keyword] of (list as readonly unknown[]).entries()) {
      const problem = formProblemOf(keyword) ?? problemOf(String(keyword), language);
      if (problem === undefined) keywords.push(String(keyword));
      else options.report(`${field}.${language}[${index}]`, problem);
    }
    lists[language] = keywords;
  }
  return lists;
}

function formProblemOf(keyword: unknown): string | undefined {
  const isText = typeof keyword === 'string' && keyword.length <= MAX_KEYWORD_LENGTH;
  return isText && normalizeReply(keyword) !== ''
    ? undefined
    : `must be text of at most ${MAX_KEYWORD_LENGTH} characters with a letter or a digit`;
}

function problemOfRemoved(keyword: string, language: string): string | undefined {
  if (normalizeReply(keyword) === 'STOP') return 'is STOP, which cannot be removed';
  if (!Object.hasOwn(KEYWORD_LISTS, language)) {
    return `has a language without keywords; there are ${Object.keys(KEYWORD_LISTS).join(', ')}`;
  }
  return languagesWith(keyword).includes(language) ? undefined : `is not a keyword of ${language}`;
}

/** A reply cannot be an opt-out and something else. */
function problemOfAdded(keyword: string, remove: KeywordsByLanguage): string | undefined {
  for (const [field, purpose] of [
    ['optIn', 'opt-ins'],
    ['optInAnswer', 'opt-ins'],
    ['help', 'help'],
  ] as const) {
    const languages = languagesWith(keyword, [field]).filter((language) => !has(remove[language], keyword));
    if (languages.length > 0) return `is a keyword for ${purpose} (${languages.join(', ')}): remove it there first`;
  }
  return undefined;
}

function readExpressions(options: OptionsReader): readonly RegExp[] {
  const value = options.value('keep') ?? [];
  if (!Array.isArray(value) || value.length > MAX_EXPRESSIONS) {
    options.report('keep', `must be a list of at most ${MAX_EXPRESSIONS} regular expressions`);
    return [];
  }
  return (value as readonly unknown[]).filter((expression, index): expression is RegExp => {
    if (types.isRegExp(expression)) return true;
    options.report(`keep[${index}]`, 'must be a regular expression, such as /^STOP \\d+$/i');
    return false;
  });
}

function languagesWith(keyword: string, fields = FIELDS): string[] {
  return Object.entries(KEYWORD_LISTS)
    .filter(([, lists]) => fields.some((field) => has(lists[field], keyword)))
    .map(([language]) => language);
}

function has(keywords: readonly string[] | undefined, keyword: string): boolean {
  const form = normalizeReply(keyword);
  return keywords?.some((one) => normalizeReply(one) === form) ?? false;
}
