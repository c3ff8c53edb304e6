import type { VerificationText, VerificationTextValues } from './verification-text.js';

type Binding = VerificationTextValues['binding'];

/** The names of the usual fields of a binding, in a language. Other fields keep the name that the app gave them. */
interface BindingNames {
  readonly amount: string;
  readonly payee: string;
}

type PluralForms = Readonly<Partial<Record<Intl.LDMLPluralRule, string>> & { other: string }>;

const pluralRules = new Map<string, Intl.PluralRules>();

/**
 * The texts of the package, by language. A bank could send them: polite, without links, and in the form of address that is
 * usual between a company and its customers.
 *
 * The Latin ones use characters of GSM-7 only, which has no `á`, `í`, `ó`, `ú`, `ã`, `ç`, `ğ`, `ı` and `ş`: such a character
 * makes a message more than twice as long. So the Spanish text has `clave` instead of `código`, the Portuguese one `token
 * SMS`, and the Turkish one `kalan süre` instead of `geçerli`.
 */
export const BUILT_IN_TEXTS = {
  en: ({ code, app, minutes, reference, binding }) => {
    const time = count('en', minutes, { one: '# minute', other: '# minutes' });
    const details = inBrackets(binding, { amount: 'amount', payee: 'payee' });
    return withWarning(
      `${app}: your code${mark('ref. ', reference)} is ${code}${details}. It expires in ${time}.`,
      ' Never share it with anyone.',
    );
  },
  es: ({ code, app, minutes, reference, binding }) => {
    const time = count('es', minutes, { one: '# minuto', other: '# minutos' });
    const details = inBrackets(binding, { amount: 'importe', payee: 'beneficiario' });
    return withWarning(
      `${app}: su clave${mark('ref. ', reference)} es ${code}${details}. Caduca en ${time}.`,
      ' No la comparta con nadie.',
    );
  },
  pt: ({ code, app, minutes, reference, binding }) => {
    const time = count('pt', minutes, { one: '# minuto', other: '# minutos' });
    const details = inBrackets(binding, { amount: 'valor', payee: 'para' });
    return withWarning(
      `${app}: o seu token SMS${mark('ref. ', reference)} é ${code}${details}. Expira em ${time}.`,
      ' Nunca o revele a ninguém.',
    );
  },
  fr: ({ code, app, minutes, reference, binding }) => {
    const time = count('fr', minutes, { one: '# minute', other: '# minutes' });
    const details = inBrackets(binding, { amount: 'montant', payee: 'bénéficiaire' }, ' : ');
    return withWarning(
      `${app} : votre code${mark('réf. ', reference)} est ${code}${details}. Il expire dans ${time}.`,
      ' Ne le communiquez à personne.',
    );
  },
  de: ({ code, app, minutes, reference, binding }) => {
    const time = count('de', minutes, { one: '# Minute', other: '# Minuten' });
    const details = inBrackets(binding, { amount: 'Betrag', payee: 'Empfänger' });
    return withWarning(
      `${app}: Ihr Code${mark('Ref. ', reference)} lautet ${code}${details}. Er ist noch ${time} gültig.`,
      ' Geben Sie ihn nicht weiter.',
    );
  },
  hi: ({ code, app, minutes, reference, binding }) => {
    const details = inBrackets(binding, { amount: 'राशि', payee: 'प्राप्तकर्ता' });
    return withWarning(
      `${app}: आपका OTP${mark('', reference)} ${code} है${details}, ${minutes} मिनट तक मान्य।`,
      ' किसी को न बताएँ।',
    );
  },
  id: ({ code, app, minutes, reference, binding }) => {
    const details = inBrackets(binding, { amount: 'jumlah', payee: 'penerima' });
    return withWarning(
      `${app}: kode Anda${mark('ref. ', reference)} adalah ${code}${details}. Berlaku selama ${minutes} menit.`,
      ' Jangan berikan kepada siapa pun.',
    );
  },
  tr: ({ code, app, minutes, reference, binding }) => {
    const details = inBrackets(binding, { amount: 'tutar', payee: 'kime' });
    return withWarning(
      `${app}: kodunuz${mark('ref. ', reference)} ${code}${details}. Kalan süre: ${minutes} dakika.`,
      ' Kodu kimseye vermeyiniz.',
    );
  },
  // Begins with an Arabic word: phones take the direction of the whole text from its first letter.
  ar: ({ code, app, minutes, reference, binding }) => {
    const time = count('ar', minutes, {
      one: 'دقيقة',
      two: 'دقيقتين',
      few: '# دقائق',
      many: '# دقيقة',
      other: '# دقيقة',
    });
    const details = inBrackets(binding, { amount: 'المبلغ', payee: 'المستفيد' });
    return withWarning(
      `رمزك لدى ${app}${mark('', reference)} هو ${code}${details}، صالح لمدة ${time}.`,
      ' لا تشاركه مع أحد.',
    );
  },
  zh: ({ code, app, minutes, reference, binding }) => {
    const details = inWideBrackets(binding, { amount: '金额', payee: '收款方' });
    return withWarning(
      `【${app}】验证码${wideMark(reference)} ${code}${details}，${minutes}分钟内有效`,
      '，请勿告诉他人',
      '。',
    );
  },
  'zh-Hant': ({ code, app, minutes, reference, binding }) => {
    const details = inWideBrackets(binding, { amount: '金額', payee: '收款人' });
    return withWarning(
      `【${app}】驗證碼${wideMark(reference)} ${code}${details}，${minutes}分鐘內有效`,
      '，請勿告訴他人',
      '。',
    );
  },
} as const satisfies Readonly<Record<string, VerificationText>>;

function withWarning(text: string, warning: string, end = ''): readonly string[] {
  return [`${text}${warning}${end}`, `${text}${end}`];
}

/** Writes a number and its noun in the form that the language has for the number. */
function count(language: string, number: number, forms: PluralForms): string {
  const rules = pluralRules.get(language) ?? new Intl.PluralRules(language);
  pluralRules.set(language, rules);
  return (forms[rules.select(number)] ?? forms.other).replace('#', String(number));
}

function mark(word: string, reference: string | undefined): string {
  return reference === undefined ? '' : ` (${word}${reference})`;
}

function wideMark(reference: string | undefined): string {
  return reference === undefined ? '' : `（${reference}）`;
}

function inBrackets(binding: Binding, names: BindingNames, colon = ': '): string {
  const fields = describeFields(binding, names, colon);
  return fields.length === 0 ? '' : ` (${fields.join(', ')})`;
}

function inWideBrackets(binding: Binding, names: BindingNames): string {
  const fields = describeFields(binding, names, '：');
  return fields.length === 0 ? '' : `（${fields.join('，')}）`;
}

function describeFields(binding: Binding, names: BindingNames, colon: string): string[] {
  return Object.entries(binding ?? {}).map(([field, value]) => {
    const name = field === 'amount' || field === 'payee' ? names[field] : field;
    return `${name}${colon}${value}`;
  });
}
