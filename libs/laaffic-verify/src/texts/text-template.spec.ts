import { templateProblems, textOfTemplate } from './text-template.js';

const values = {
  code: '123456',
  app: 'ACME',
  minutes: 2,
  reference: 'K7',
  binding: { amount: '10.00 EUR', payee: 'Bob' },
};

describe('a template', () => {
  it.each([
    ['{code}', '123456'],
    ['{app}: {code} ({reference}), {minutes} min', 'ACME: 123456 (K7), 2 min'],
    ['{code} {duration}', '123456 2 minutes'],
    ['{code}: {binding}', '123456: amount: 10.00 EUR, payee: Bob'],
    ['{code}: {binding.amount} to {binding.payee}', '123456: 10.00 EUR to Bob'],
    ['{code}{binding.constructor}{binding.__proto__}', '123456'],
    ['No placeholder $& $1', 'No placeholder $& $1'],
  ])('%j is written as %j', (template, text) => {
    expect(textOfTemplate(template, 'en')(values)).toBe(text);
  });

  it('leaves missing values out', () => {
    const text = textOfTemplate('[{reference}{binding}{binding.amount}] {code}', 'en');
    expect(text({ code: '123456', app: 'ACME', minutes: 1 })).toBe('[] 123456');
  });

  it.each(['{code}', '{app}', '{unknown}', '$&', '$1', '{binding.amount}'])('shows the value %j as it is', (app) => {
    expect(textOfTemplate('{app}: {code}', 'en')({ ...values, app })).toBe(`${app}: 123456`);
  });

  it.each([
    ['en', 1, '1 minute'],
    ['en', 2, '2 minutes'],
    ['de', 1, '1 Minute'],
    ['pl', 2, '2 minuty'],
    ['pl', 5, '5 minut'],
    ['ru', 1, '1 минута'],
    ['ru', 5, '5 минут'],
    ['ar-EG', 2, 'دقيقتان'],
    ['ar-EG', 5, '5 دقائق'],
    ['fa', 5, '5 دقیقه'],
    ['mr', 5, '5 मिनिटे'],
  ])('has a duration in its language, with ASCII digits: %s, %d is %s', (locale, minutes, text) => {
    expect(textOfTemplate('{duration}', locale)({ ...values, minutes })).toBe(text);
  });
});

describe('templateProblems', () => {
  const unknown = (name: string) => `has the unknown placeholder {${name}}`;
  const brace = 'has a brace outside of a placeholder: a placeholder has one brace on each side, as in {code}';

  it.each([
    ['{code} {app} {minutes} {duration} {reference} {binding} {binding.amount}', []],
    ['no placeholder', []],
    ['{cod} {app} {cod} {otp}', [unknown('cod'), unknown('otp')]],
    ['{Code}', [unknown('Code')]],
    ['{ code }', [unknown(' code ')]],
    ['{}', [unknown('')]],
    ['{binding.}', [unknown('binding.')]],
    ['{binding.iban}', [unknown('binding.iban')]],
    ['{{code}}', [brace]],
    ['{code', [brace]],
    ['code}', [brace]],
    ['{toString}', [unknown('toString')]],
  ])('of %j are %j', (template, problems) => {
    expect(templateProblems(template, new Set(['amount', 'payee']))).toEqual(problems);
  });

  it('accept any field of a binding if the fields are not known', () => {
    expect(templateProblems('{binding.iban}')).toEqual([]);
  });
});
