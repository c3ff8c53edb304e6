// Compiled by the type check and never run: each line after a directive must be an error.
import type { SendSms } from 'nestjs-laaffic';
import type { NewSms, SmsOutbox, SmsTemplates, TemplateVars } from 'nestjs-laaffic-outbox';

export async function aMessageHasExactlyOneText(outbox: SmsOutbox, command: SendSms, vars: TemplateVars) {
  const to = '918563214120';
  await outbox.enqueue(command);
  await outbox.enqueue({ to, content: 'x' });
  await outbox.enqueue({ to, template: { name: 'hello' } });
  await outbox.send({ to, template: { name: 'hello', vars, locale: 'pt-BR' }, senderId: 'Me' }, { timeoutMs: 0 });
  // @ts-expect-error there is no text
  await outbox.enqueue({ to });
  // @ts-expect-error there are two texts
  await outbox.enqueue({ to, content: 'x', template: { name: 'hello' } });
  // @ts-expect-error a value is text or a number
  await outbox.enqueue({ to, template: { name: 'hello', vars: { isNew: true } } });
  // @ts-expect-error a template has a name
  await outbox.send({ to, template: { vars } });
  const many: NewSms[] = [
    { to, content: 'x', idempotencyKey: 'a' },
    { to, template: { name: 'hello', vars: { a: 'x', b: 1, c: undefined, d: null } }, reference: 'b' },
  ];
  await outbox.enqueueMany(many);
}

export async function aTemplateHasADefaultAndAnActor(templates: SmsTemplates) {
  const texts = { en: 'Hello', 'pt-BR': 'Olá' };
  await templates.put('hello', { texts, defaultLocale: 'en' }, { actor: 'alice' });
  // @ts-expect-error there is no default
  await templates.put('hello', { texts }, { actor: 'alice' });
  // @ts-expect-error a person did it
  await templates.put('hello', { texts, defaultLocale: 'en' });
}
