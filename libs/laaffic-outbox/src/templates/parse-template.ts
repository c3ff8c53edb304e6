import { cleanText, countCharacters, MAX_VALUE } from './template-value.js';

/** A place in a text where a value goes. */
export interface Placeholder {
  readonly name: string;
  /** What goes there without a value; `undefined` if a value is required. Never empty. */
  readonly fallback: string | undefined;
}

/** A text in order: what stays as it is, and placeholders. */
export type TemplatePart = string | Placeholder;

/** Where a text is wrong. */
export interface TemplateProblem {
  /** The place of the character in the text, from 1. An emoji counts once. */
  readonly character: number;
  /** A clause without a subject, such as `has a placeholder without a name`. It repeats nothing of the text. */
  readonly problem: string;
}

/** A broken text is not reported more often than a person reads. */
const MAX_PROBLEMS = 10;
const MAX_NAME = 64;
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const [OPEN, CLOSE] = ['{{', '}}'];

/**
 * Reads the placeholders of a text: `{{name}}` and `{{name|fallback}}`, and nothing else.
 * @returns the parts, or up to 10 problems in the order of the text.
 * @example
 * parseTemplate('Hello {{name|friend}}!'); // { parts: ['Hello ', { name: 'name', fallback: 'friend' }, '!'] }
 */
export function parseTemplate(
  text: string,
): { readonly parts: readonly TemplatePart[] } | { readonly problems: readonly TemplateProblem[] } {
  const parts: TemplatePart[] = [];
  const problems: TemplateProblem[] = [];
  const report = (index: number, problem: string): void => {
    problems.push({ character: countCharacters(text.slice(0, index)) + 1, problem });
  };
  for (let at = 0; at < text.length && problems.length < MAX_PROBLEMS;) {
    const open = text.indexOf(OPEN, at);
    const plain = text.slice(at, open === -1 ? undefined : open);
    const stray = plain.indexOf(CLOSE);
    if (stray !== -1) report(at + stray, 'has a }} that closes no placeholder');
    if (plain !== '') parts.push(plain);
    if (open === -1) break;
    const start = open + OPEN.length;
    const close = text.indexOf(CLOSE, start);
    const next = text.indexOf(OPEN, start);
    if (close === -1 || (next !== -1 && next < close)) {
      report(open, 'has a placeholder that is not closed: it must end with }}');
      at = next === -1 ? text.length : next;
      continue;
    }
    const placeholder = parsePlaceholder(text.slice(start, close));
    if (typeof placeholder === 'string') report(open, placeholder);
    else parts.push(placeholder);
    at = close + CLOSE.length;
  }
  return problems.length > 0 ? { problems: problems.slice(0, MAX_PROBLEMS) } : { parts };
}

/** @returns what is wrong with it, as a clause. */
function parsePlaceholder(body: string): Placeholder | string {
  const bar = body.indexOf('|');
  const name = bar === -1 ? body : body.slice(0, bar);
  if (name.trim() === '') return 'has a placeholder without a name';
  if (!NAME.test(name)) {
    return 'has a placeholder with an invalid name: letters, digits and _ are allowed, after a letter, without blanks';
  }
  if (name.length > MAX_NAME) return `has a placeholder with a name of more than ${MAX_NAME} characters`;
  if (bar === -1) return { name, fallback: undefined };
  const fallback = body.slice(bar + 1);
  if (fallback.trim() === '') return 'has a placeholder with an empty fallback: write one, or leave out the |';
  if (/[{}|]/.test(fallback)) return 'has a placeholder whose fallback contains one of { } |';
  if (cleanText(fallback, false) !== fallback) {
    return 'has a placeholder whose fallback contains a line end, a control character or a direction mark';
  }
  if (countCharacters(fallback) > MAX_VALUE) {
    return `has a placeholder with a fallback of more than ${MAX_VALUE} characters`;
  }
  return { name, fallback };
}
