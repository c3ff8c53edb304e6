import type { VerificationText } from './verification-text.js';

const PLACEHOLDER = /\{([^{}]*)\}/g;
const BINDING_FIELD = 'binding.';
const KNOWN = ['code', 'app', 'minutes', 'duration', 'reference', 'binding'];

/**
 * Makes a text out of a template. Placeholders are `{code}`, `{app}`, `{minutes}` (the number alone), `{duration}` (such as
 * `1 minute`, in the language of the template), `{reference}`, `{binding}` (such as `amount: 10.00 EUR, payee: ACME`) and
 * `{binding.amount}` for one field. One without a value becomes empty. A value that looks like a placeholder is not replaced.
 * @param locale the language of `{duration}`.
 */
export function textOfTemplate(template: string, locale: string): VerificationText {
  const durations = new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: 'minute',
    unitDisplay: 'long',
    numberingSystem: 'latn',
  });
  return ({ code, app, minutes, reference, binding = {} }) => {
    const values = new Map([
      ['code', code],
      ['app', app],
      ['minutes', String(minutes)],
      // ICU marks the direction in some languages; the marks would force UCS-2, and the message has its own direction.
      ['duration', durations.format(minutes).replace(/[\u061c\u200e\u200f]/g, '')],
      ['reference', reference ?? ''],
      ['binding', Array.from(Object.entries(binding), ([field, value]) => `${field}: ${value}`).join(', ')],
      ...Object.entries(binding).map(([field, value]) => [`${BINDING_FIELD}${field}`, value] as const),
    ]);
    return template.replace(PLACEHOLDER, (_, name: string) => values.get(name) ?? '');
  };
}

/**
 * Finds what is wrong with a template, apart from its length.
 * @param bindingFields the fields that `{binding.…}` may name. Without them it may name any.
 * @returns one problem for each wrong place, as the end of a sentence about the template.
 */
export function templateProblems(template: string, bindingFields?: ReadonlySet<string>): readonly string[] {
  const unknown = Array.from(template.matchAll(PLACEHOLDER), ([, name = '']) => name).filter(
    (name) => !KNOWN.includes(name) && !isBindingField(name, bindingFields),
  );
  const problems = Array.from(new Set(unknown), (name) => `has the unknown placeholder {${name}}`);
  if (/[{}]/.test(template.replace(PLACEHOLDER, ''))) {
    problems.push('has a brace outside of a placeholder: a placeholder has one brace on each side, as in {code}');
  }
  return problems;
}

function isBindingField(name: string, fields: ReadonlySet<string> | undefined): boolean {
  if (!name.startsWith(BINDING_FIELD)) return false;
  const field = name.slice(BINDING_FIELD.length);
  return fields === undefined ? field !== '' : fields.has(field);
}
