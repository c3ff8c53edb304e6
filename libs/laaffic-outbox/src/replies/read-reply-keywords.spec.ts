import { OptionsReader } from 'nestjs-laaffic';
import { readReplyKeywords } from './read-reply-keywords.js';

const lists = "must be an object with lists of keywords by language: { de: ['AUS'] }";
const text = 'must be text of at most 60 characters with a letter or a digit';

function read(keywords: unknown) {
  const reader = new OptionsReader({ keywords });
  const read = readReplyKeywords(reader, 'keywords');
  return { problems: reader.problems, classify: (content: string) => read.classify(content).type };
}

describe('readReplyKeywords', () => {
  it.each([[undefined], [{}], [{ add: undefined, remove: undefined, keep: undefined }], [{ add: {}, keep: [] }]])(
    'gives the built-in keywords for %j',
    (options) => {
      const { problems, classify } = read(options);
      expect(problems).toEqual([]);
      expect(['STOP', 'STOP 1', 'END'].map(classify)).toEqual(['opt-out', 'opt-out', 'opt-out']);
    },
  );

  it('reads all options', () => {
    const { problems, classify } = read({
      add: { de: ['AUS'], 'pt-BR': ['TCHAU'] },
      remove: { en: ['end'] },
      keep: [/^STOP \d+$/],
    });
    expect(problems).toEqual([]);
    expect(['Aus', 'tchau', 'END', 'STOP 1'].map(classify)).toEqual(['opt-out', 'opt-out', 'other', 'other']);
  });

  it('allows to add what is removed as something else', () => {
    const { problems, classify } = read({ add: { en: ['Info'] }, remove: { en: ['INFO'] } });
    expect(problems).toEqual([]);
    expect(classify('info')).toBe('opt-out');
  });

  it('allows to remove a keyword in all its languages', () => {
    const { problems, classify } = read({ remove: { es: ['CANCELAR'], pt: ['cancelar'] } });
    expect(problems).toEqual([]);
    expect(classify('cancelar')).toBe('other');
  });

  it.each<[string, unknown, string[]]>([
    ['a list', ['STOP'], ['keywords.0 is not an option; known options: remove, add, keep']],
    ['text', 'STOP', ['keywords must be an object']],
    ['an unknown field', { drop: {} }, ['keywords.drop is not an option; known options: remove, add, keep']],
    ['a list to add', { add: ['AUS'] }, [`keywords.add ${lists}`]],
    ['text to remove', { remove: 'END' }, [`keywords.remove ${lists}`]],
    ['text for a language', { add: { de: 'AUS' } }, ['keywords.add.de must be a list of at most 1000 keywords']],
    [
      'too many keywords',
      { add: { de: Array.from({ length: 1_001 }, (_, index) => `W${index}`) } },
      ['keywords.add.de must be a list of at most 1000 keywords'],
    ],
    ...['German', 'DE', '', '__proto__x', 'de_DE'].map((language): [string, unknown, string[]] => [
      `the language ${JSON.stringify(language)}`,
      { add: { [language]: ['AUS'] } },
      ['keywords.add must have languages such as en or pt-BR as its keys'],
    ]),
    ...[1, null, '', ' !? ', '🛑', 'A'.repeat(61), ['AUS']].map((keyword): [string, unknown, string[]] => [
      `the keyword ${JSON.stringify(keyword)}`,
      { add: { de: ['AUS', keyword] } },
      [`keywords.add.de[1] ${text}`],
    ]),
    ['STOP removed', { remove: { en: [' stop!'] } }, ['keywords.remove.en[0] is STOP, which cannot be removed']],
    ['an unknown word removed', { remove: { en: ['HALT'] } }, ['keywords.remove.en[0] is not a keyword of en']],
    ['a word of another language', { remove: { en: ['SAIR'] } }, ['keywords.remove.en[0] is not a keyword of en']],
    [
      'a word of several languages',
      { remove: { es: ['PARE', 'CANCELAR'], pt: ['PARE'] } },
      ['keywords.remove.es[1] is also a keyword of pt: remove it there too, because all languages are active'],
    ],
    [
      'an opt-in added',
      { add: { en: ['Start'] } },
      ['keywords.add.en[0] is a keyword for opt-ins (en): remove it there first'],
    ],
    [
      'YES added',
      { add: { en: ['yes'] } },
      ['keywords.add.en[0] is a keyword for opt-ins (en): remove it there first'],
    ],
    [
      'a word for help added',
      { add: { pt: ['BANTUAN'] } },
      ['keywords.add.pt[0] is a keyword for help (id, ms): remove it there first'],
    ],
    ['an expression', { keep: /^STOP/ }, ['keywords.keep must be a list of at most 100 regular expressions']],
    [
      'too many expressions',
      { keep: Array.from({ length: 101 }, () => /a/) },
      ['keywords.keep must be a list of at most 100 regular expressions'],
    ],
    [
      'text as an expression',
      { keep: [/a/, '^STOP'] },
      ['keywords.keep[1] must be a regular expression, such as /^STOP \\d+$/i'],
    ],
    [
      'several problems at once',
      { add: { de: [1] }, remove: { en: ['STOP'] }, keep: [1] },
      [
        'keywords.remove.en[0] is STOP, which cannot be removed',
        `keywords.add.de[0] ${text}`,
        'keywords.keep[0] must be a regular expression, such as /^STOP \\d+$/i',
      ],
    ],
  ])('reports %s', (_, options, problems) => {
    const result = read(options);
    expect(result.problems).toEqual(problems);
    expect(result.classify('STOP')).toBe('opt-out');
  });

  it('reports a language without keywords', () => {
    expect(read({ remove: { xx: ['A'] } }).problems).toEqual([
      expect.stringMatching(/^keywords\.remove\.xx\[0\] has a language without keywords; there are en, fr, /),
    ]);
  });

  it('ignores problems of other options', () => {
    const reader = new OptionsReader({ other: 1, keywords: { add: { de: ['AUS'] } } });
    reader.report('other', 'is wrong');
    expect(readReplyKeywords(reader, 'keywords').classify('aus').type).toBe('opt-out');
  });
});
