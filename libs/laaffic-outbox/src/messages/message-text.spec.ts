import { Template } from '../templates/template.js';
import type { CurrentTemplate } from '../templates/template-cache.js';
import { MessageTexts } from './message-text.js';

const hello = Template.of({
  texts: { en: 'Hello {{name}}', de: 'Hallo {{name}}' },
  defaultLocale: 'en',
  maxParts: undefined,
  keepsLineEnds: false,
});
const known = new Map<string, CurrentTemplate>([
  ['hello', { version: 1, isArchived: false, template: hello }],
  ['old', { version: 1, isArchived: true, template: hello }],
  ['broken', { version: 1, isArchived: false, template: undefined }],
]);
const texts = new MessageTexts({ find: (name) => known.get(name) });
const to = '918563214120';

describe('the text of a message', () => {
  it.each([
    [
      { to, content: 'x', senderId: 'Me' },
      { to, content: 'x', senderId: 'Me' },
    ],
    [
      { to, template: { name: 'hello', vars: { name: 'Anna' } } },
      { to, content: 'Hello Anna' },
    ],
    [
      { to, template: { name: 'hello', vars: { name: 'Anna' }, locale: 'de-AT' } },
      { to, content: 'Hallo Anna' },
    ],
    [
      { to, content: undefined, template: { name: 'hello', vars: { name: 1 } } },
      { to, content: 'Hello 1' },
    ],
    [
      { to, content: null },
      { to, content: null },
    ],
    // Only what is rendered here may be an issue.
    [
      { to, content: 'x', textIssues: ['y'] },
      { to, content: 'x' },
    ],
  ])('of %j is found', (command, expected) => {
    expect(texts.read(command)).toEqual({ senderId: undefined, ...expected });
  });

  it.each([
    [{ to }, 'content', 'is missing: give either content or a template'],
    [null, 'content', 'is missing: give either content or a template'],
    ['x', 'content', 'is missing: give either content or a template'],
    [
      { to, content: 'x', template: { name: 'hello' } },
      'template',
      'must not be given together with content: give one of them',
    ],
    [{ to, template: null }, 'template.name', 'must be the name of a template'],
    [{ to, template: 'hello' }, 'template.name', 'must be the name of a template'],
    [{ to, template: {} }, 'template.name', 'must be the name of a template'],
    [{ to, template: { name: 7 } }, 'template.name', 'must be the name of a template'],
    [{ to, template: { name: 'constructor' } }, 'template.name', 'is not the name of a template'],
    [{ to, template: { name: 'old' } }, 'template.name', 'is the name of an archived template'],
    [{ to, template: { name: 'broken' } }, 'template.name', 'is the name of a template that this release cannot read'],
    [
      { to, template: { name: 'hello' } },
      'template.vars.name',
      'has no value, and the template has no fallback for it',
    ],
    [
      { to, template: { name: 'hello', vars: { name: 'x' }, locale: 'e' } },
      'template.locale',
      'must be a BCP 47 language tag, such as pt-BR',
    ],
  ])('of %j is missing', (command, field, problem) => {
    expect(texts.read(command)).toMatchObject({ textIssues: [{ field, problem }] });
    expect(texts.read(command)).not.toHaveProperty('content');
  });

  it('is a promise only while the template is read', async () => {
    const reading = new MessageTexts({ find: (name) => Promise.resolve(known.get(name)) });
    expect(reading.read({ to, content: 'x' })).not.toBeInstanceOf(Promise);
    const text = reading.read({ to, template: { name: 'hello', vars: { name: 'Anna' } } });
    expect(text).toBeInstanceOf(Promise);
    expect(await text).toEqual({ to, senderId: undefined, content: 'Hello Anna' });
    const failing = new MessageTexts({ find: () => Promise.reject(new Error('down')) });
    await expect(failing.read({ to, template: { name: 'hello' } })).rejects.toThrow('down');
  });
});
