import { segments } from 'nestjs-laaffic';
import { BUILT_IN_TEXTS } from './built-in-texts.js';
import type { VerificationTextValues } from './verification-text.js';

type Locale = keyof typeof BUILT_IN_TEXTS;

const LOCALES = Object.keys(BUILT_IN_TEXTS) as Locale[];
const MINUTES = Array.from({ length: 10 }, (_, index) => index + 1);
const binding = { amount: '10.00 EUR', payee: 'ACME', account: 'DE12' };

function first(locale: Locale, values: Partial<VerificationTextValues> = {}): string {
  const [wording = ''] = BUILT_IN_TEXTS[locale]({ code: '123456', app: 'ACME', minutes: 10, ...values });
  return wording;
}

describe('a built-in text', () => {
  it.each<[Locale, string]>([
    ['en', 'ACME: your code is 123456. It expires in 10 minutes. Never share it with anyone.'],
    ['es', 'ACME: su clave es 123456. Caduca en 10 minutos. No la comparta con nadie.'],
    ['pt', 'ACME: o seu token SMS é 123456. Expira em 10 minutos. Nunca o revele a ninguém.'],
    ['fr', 'ACME : votre code est 123456. Il expire dans 10 minutes. Ne le communiquez à personne.'],
    ['de', 'ACME: Ihr Code lautet 123456. Er ist noch 10 Minuten gültig. Geben Sie ihn nicht weiter.'],
    ['hi', 'ACME: आपका OTP 123456 है, 10 मिनट तक मान्य। किसी को न बताएँ।'],
    ['id', 'ACME: kode Anda adalah 123456. Berlaku selama 10 menit. Jangan berikan kepada siapa pun.'],
    ['tr', 'ACME: kodunuz 123456. Kalan süre: 10 dakika. Kodu kimseye vermeyiniz.'],
    ['ar', 'رمزك لدى ACME هو 123456، صالح لمدة 10 دقائق. لا تشاركه مع أحد.'],
    ['zh', '【ACME】验证码 123456，10分钟内有效，请勿告诉他人。'],
    ['zh-Hant', '【ACME】驗證碼 123456，10分鐘內有效，請勿告訴他人。'],
  ])('in %s reads %s', (locale, text) => {
    expect(first(locale)).toBe(text);
  });

  it.each<[Locale, string]>([
    [
      'en',
      'ACME: your code (ref. K7) is 123456 (amount: 10.00 EUR, payee: ACME, account: DE12). It expires in 1 minute.',
    ],
    [
      'es',
      'ACME: su clave (ref. K7) es 123456 (importe: 10.00 EUR, beneficiario: ACME, account: DE12). Caduca en 1 minuto.',
    ],
    [
      'pt',
      'ACME: o seu token SMS (ref. K7) é 123456 (valor: 10.00 EUR, para: ACME, account: DE12). Expira em 1 minuto.',
    ],
    [
      'fr',
      'ACME : votre code (réf. K7) est 123456 (montant : 10.00 EUR, bénéficiaire : ACME, account : DE12). Il expire dans 1 minute.',
    ],
    [
      'de',
      'ACME: Ihr Code (Ref. K7) lautet 123456 (Betrag: 10.00 EUR, Empfänger: ACME, account: DE12). Er ist noch 1 Minute gültig.',
    ],
    ['hi', 'ACME: आपका OTP (K7) 123456 है (राशि: 10.00 EUR, प्राप्तकर्ता: ACME, account: DE12), 1 मिनट तक मान्य।'],
    [
      'id',
      'ACME: kode Anda (ref. K7) adalah 123456 (jumlah: 10.00 EUR, penerima: ACME, account: DE12). Berlaku selama 1 menit.',
    ],
    ['tr', 'ACME: kodunuz (ref. K7) 123456 (tutar: 10.00 EUR, kime: ACME, account: DE12). Kalan süre: 1 dakika.'],
    ['ar', 'رمزك لدى ACME (K7) هو 123456 (المبلغ: 10.00 EUR, المستفيد: ACME, account: DE12)، صالح لمدة دقيقة.'],
    ['zh', '【ACME】验证码（K7） 123456（金额：10.00 EUR，收款方：ACME，account：DE12），1分钟内有效。'],
    ['zh-Hant', '【ACME】驗證碼（K7） 123456（金額：10.00 EUR，收款人：ACME，account：DE12），1分鐘內有效。'],
  ])('in %s shows reference and binding: %s', (locale, text) => {
    const wordings = BUILT_IN_TEXTS[locale]({ code: '123456', app: 'ACME', minutes: 1, reference: 'K7', binding });
    expect(wordings.at(-1)).toBe(text);
  });

  it.each<[Locale, number, string]>([
    ['en', 1, 'in 1 minute.'],
    ['en', 2, 'in 2 minutes.'],
    ['es', 1, 'en 1 minuto.'],
    ['es', 2, 'en 2 minutos.'],
    ['pt', 1, 'em 1 minuto.'],
    ['pt', 2, 'em 2 minutos.'],
    ['fr', 1, 'dans 1 minute.'],
    ['fr', 2, 'dans 2 minutes.'],
    ['de', 1, 'noch 1 Minute gültig'],
    ['de', 2, 'noch 2 Minuten gültig'],
    ['hi', 1, '1 मिनट तक'],
    ['hi', 2, '2 मिनट तक'],
    ['id', 1, '1 menit.'],
    ['id', 2, '2 menit.'],
    ['tr', 1, '1 dakika.'],
    ['tr', 2, '2 dakika.'],
    ['ar', 1, 'لمدة دقيقة.'],
    ['ar', 2, 'لمدة دقيقتين.'],
    ['ar', 3, 'لمدة 3 دقائق.'],
    ['ar', 10, 'لمدة 10 دقائق.'],
    ['ar', 11, 'لمدة 11 دقيقة.'],
    ['ar', 100, 'لمدة 100 دقيقة.'],
    ['zh', 1, '1分钟内'],
    ['zh-Hant', 2, '2分鐘內'],
  ])('in %s counts %d: %s', (locale, minutes, phrase) => {
    expect(first(locale, { minutes })).toContain(phrase);
  });

  const all = LOCALES.flatMap((locale) => [6, 7, 8, 9, 10].map((digits) => [locale, digits] as const));

  it.each(all)(
    'in %s with %d digits takes one part for every number of minutes, with its warning',
    (locale, digits) => {
      for (const minutes of MINUTES) {
        const wording = first(locale, { minutes, code: '1234567890'.slice(0, digits), app: 'Example' });
        expect(segments(wording)).toMatchObject({ parts: 1 });
      }
    },
  );

  it.each(['en', 'es', 'pt', 'fr', 'de', 'id', 'tr'] as const)('in %s needs no UCS-2', (locale) => {
    expect(segments(first(locale, { reference: 'K7', binding })).nonGsm7Characters).toEqual([]);
  });

  it('in Arabic begins with an Arabic letter, so that phones show the text from right to left', () => {
    expect(first('ar', { app: 'ACME' })).toMatch(/^\p{Script=Arabic}/u);
  });
});
