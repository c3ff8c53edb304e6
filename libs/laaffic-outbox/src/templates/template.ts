import { segments, type Issue } from 'nestjs-laaffic';
import { parseTemplate, type TemplatePart } from './parse-template.js';
import { canonicalLocale, localeFallbacks } from './template-locale.js';
import { cleanValue, countCharacters, withoutBraces, type TemplateValue } from './template-value.js';

/** The values of variables by their names. Values that no placeholder names are ignored. */
export type TemplateVars = Readonly<Record<string, TemplateValue>>;

/** What to render a template with. */
export interface TemplateValues {
  /**
   * The values of the variables: text, or numbers that are written with digits only.
   * @default none
   */
  readonly vars?: TemplateVars | undefined;
  /**
   * The language of the recipient as a BCP 47 tag. `pt-BR` falls back to `pt`, and then to the template's default.
   * @default the template's own default locale
   */
  readonly locale?: string | undefined;
}

/** A template as it is stored: checked texts by locale. */
export interface TemplateDefinition {
  readonly texts: Readonly<Record<string, string>>;
  readonly defaultLocale: string;
  readonly maxParts: number | undefined;
  readonly keepsLineEnds: boolean;
}

/** A text for one recipient. */
export interface RenderedText {
  readonly content: string;
  /** The locale of the text that was chosen. */
  readonly locale: string;
}

/** The most characters of a text that the platform accepts. */
export const MAX_CONTENT = 1_024;

/**
 * The texts of a template, ready to be rendered any number of times: a call keeps nothing.
 * @example
 * const template = Template.of({ texts: { en: 'Hello {{name}}' }, defaultLocale: 'en', maxParts: 1, keepsLineEnds: false });
 * template?.render({ vars: { name: 'Anna' } }); // { content: 'Hello Anna', locale: 'en' }
 */
export class Template {
  private constructor(
    private readonly definition: TemplateDefinition,
    private readonly texts: ReadonlyMap<string, readonly TemplatePart[]>,
  ) {}

  /** @returns `undefined` if a text cannot be parsed, or the default locale has no text. */
  static of(definition: TemplateDefinition): Template | undefined {
    const texts = new Map<string, readonly TemplatePart[]>();
    for (const [locale, text] of Object.entries(definition.texts)) {
      const parsed = parseTemplate(text);
      if ('problems' in parsed) return undefined;
      texts.set(locale, parsed.parts);
    }
    return texts.has(definition.defaultLocale) ? new Template(definition, texts) : undefined;
  }

  /**
   * Renders the text for one recipient. A value goes in once and is never read as a placeholder: the result contains
   * neither `{{` nor `}}`. It is NFC.
   * @param values from any source; they are checked.
   * @returns the text, or what is wrong, by the fields `vars`, `vars.<name>` and `locale`. No problem repeats a value.
   */
  render({
    vars = {},
    locale,
  }: {
    readonly vars?: unknown;
    readonly locale?: unknown;
  }): RenderedText | { readonly issues: readonly Issue[] } {
    const { maxParts, keepsLineEnds } = this.definition;
    const chosen = this.#localeFor(locale);
    if (typeof vars !== 'object' || vars === null || Array.isArray(vars)) {
      return { issues: [...issuesOf(chosen), { field: 'vars', problem: 'must be an object with values by name' }] };
    }
    const text = new RenderedTextWriter();
    const issues = new Map<string, Issue>();
    for (const part of this.texts.get(chosen ?? this.definition.defaultLocale) ?? []) {
      if (typeof part === 'string') {
        text.addPlain(part);
        continue;
      }
      const { name, fallback } = part;
      const cleaned = cleanValue(Object.hasOwn(vars, name) ? (vars as TemplateVars)[name] : undefined, keepsLineEnds);
      if (cleaned !== undefined && 'problem' in cleaned) issues.set(name, { field: `vars.${name}`, ...cleaned });
      else if (cleaned !== undefined) text.addValue(cleaned.text);
      else if (fallback !== undefined) text.addValue(fallback);
      else
        issues.set(name, { field: `vars.${name}`, problem: 'has no value, and the template has no fallback for it' });
    }
    if (chosen === undefined || issues.size > 0) return { issues: [...issuesOf(chosen), ...issues.values()] };
    const content = text.written.normalize('NFC');
    const tooLong = problemOfSize(content, maxParts);
    return tooLong === undefined ? { content, locale: chosen } : { issues: [{ field: 'vars', problem: tooLong }] };
  }

  /** @returns `undefined` if it is not a language tag. */
  #localeFor(locale: unknown): string | undefined {
    if (locale === undefined) return this.definition.defaultLocale;
    if (typeof locale === 'string' && this.texts.has(locale)) return locale;
    const canonical = canonicalLocale(locale);
    if (canonical === undefined) return undefined;
    for (const fallback of localeFallbacks(canonical)) if (this.texts.has(fallback)) return fallback;
    return this.definition.defaultLocale;
  }
}

/** Joins parts. Braces of two parts must not become a pair, so that of the value becomes a parenthesis. */
class RenderedTextWriter {
  written = '';

  addPlain(part: string): void {
    if (this.#makesPair(part)) this.written = this.written.slice(0, -1) + withoutBraces(this.written.slice(-1));
    this.written += part;
  }

  addValue(value: string): void {
    this.written += this.#makesPair(value) ? withoutBraces(value.slice(0, 1)) + value.slice(1) : value;
  }

  #makesPair(part: string): boolean {
    const last = this.written.at(-1);
    return (last === '{' || last === '}') && part.startsWith(last);
  }
}

function issuesOf(chosen: string | undefined): Issue[] {
  return chosen === undefined ? [{ field: 'locale', problem: 'must be a BCP 47 language tag, such as pt-BR' }] : [];
}

/** A clause about a rendered text, if it is longer than the platform or the template allows. */
function problemOfSize(content: string, maxParts: number | undefined): string | undefined {
  if (content.length > MAX_CONTENT && countCharacters(content) > MAX_CONTENT) {
    return `must make a text of at most ${MAX_CONTENT} characters`;
  }
  if (maxParts === undefined) return undefined;
  const { parts } = segments(content);
  return parts <= maxParts ? undefined : `must make a text of at most ${countParts(maxParts)}, but it needs ${parts}`;
}

/** `1 part`, `2 parts`. */
export function countParts(count: number): string {
  return count === 1 ? '1 part' : `${count} parts`;
}
