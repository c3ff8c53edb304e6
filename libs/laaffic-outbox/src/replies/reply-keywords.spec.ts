import { array, assert, constantFrom, integer, property, string, tuple } from 'fast-check';
import { KEYWORD_LISTS, type LanguageKeywords } from './keyword-lists.js';
import { normalizeReply } from './normalize-reply.js';
import { ReplyKeywords, type ReplyMeaning } from './reply-keywords.js';

const keywords = new ReplyKeywords();
const typeOf = (content: string) => keywords.classify(content).type;
/** Each built-in keyword of a field, with its language. */
const all = (field: keyof LanguageKeywords) =>
  Object.entries(KEYWORD_LISTS).flatMap(([language, lists]) =>
    (lists[field] ?? []).map((keyword): [string, string] => [language, keyword]),
  );
const FIELDS = ['optOut', 'optOutAlone', 'unclear', 'unclearAlone', 'optIn', 'optInAnswer', 'help'] as const;
const valuesOf = (lists: LanguageKeywords) => FIELDS.map((field) => lists[field] ?? []);

describe('built-in keywords', () => {
  it.each(all('optOut'))('%s: %s is an opt-out, alone or with up to two words after it', (_, keyword) => {
    expect(typeOf(keyword)).toBe('opt-out');
    expect(typeOf(`${keyword} abc`)).toBe('opt-out');
    expect(typeOf(`${keyword}, abc xyz!`)).toBe('opt-out');
    expect(typeOf(`${keyword} abc xyz abc`)).toBe('unclear');
    expect(typeOf(`abc ${keyword}`)).toBe('unclear');
    expect(typeOf(`abc ${keyword} xyz`)).toBe('unclear');
  });

  it.each(all('optOutAlone'))(
    '%s: %s is an opt-out if it is alone, and unclear before up to two words',
    (_, keyword) => {
      expect(typeOf(keyword)).toBe('opt-out');
      expect(typeOf(`${keyword} abc`)).toBe('unclear');
      expect(typeOf(`${keyword} abc xyz`)).toBe('unclear');
    },
  );

  it.each(all('unclear').filter(([, keyword]) => typeOf(keyword) !== 'opt-out'))(
    '%s: a reply with %s is unclear',
    (_, keyword) => {
      expect(typeOf(keyword)).toBe('unclear');
      expect(typeOf(`abc xyz ${keyword} abc xyz`)).toBe('unclear');
    },
  );

  it.each(all('unclearAlone'))('%s: %s is unclear if it is alone', (_, keyword) => {
    expect(typeOf(keyword)).toBe('unclear');
  });

  it.each(all('optIn'))('%s: %s is an opt-in if it is alone', (_, keyword) => {
    expect(keywords.classify(keyword)).toMatchObject({ type: 'opt-in', isOrdinaryAnswer: false });
    expect(typeOf(`${keyword} abc`)).toBe('other');
  });

  it.each(all('optInAnswer'))('%s: %s is an opt-in that may be an ordinary answer', (_, keyword) => {
    expect(keywords.classify(keyword)).toEqual({ type: 'opt-in', keyword, isOrdinaryAnswer: true });
    expect(typeOf(`${keyword} abc`)).toBe('other');
  });

  it.each(all('help'))('%s: %s asks for help if it is alone', (_, keyword) => {
    expect(typeOf(keyword)).toBe('help');
    expect(typeOf(`${keyword} abc`)).toBe('other');
  });

  it('have one meaning in all languages', () => {
    const fields = ['optOut', 'optOutAlone', 'unclearAlone', 'optIn', 'optInAnswer', 'help'] as const;
    const meanings = new Map<string, string>();
    const contradictions = fields.flatMap((field) =>
      all(field).flatMap(([language, keyword]) => {
        const form = normalizeReply(keyword);
        const earlier = meanings.get(form) ?? field;
        meanings.set(form, earlier);
        return earlier === field ? [] : [`${language} ${keyword}: ${earlier} and ${field}`];
      }),
    );
    expect(contradictions).toEqual([]);
  });

  it('stand once in each list', () => {
    const repeated = Object.entries(KEYWORD_LISTS).flatMap(([language, lists]) =>
      valuesOf(lists).flatMap((list) =>
        list
          .map(normalizeReply)
          .filter((form, index, forms) => forms.indexOf(form) !== index)
          .map((form) => `${language} ${form}`),
      ),
    );
    expect(repeated).toEqual([]);
  });
});

describe('classify', () => {
  const optOut = (keyword: string): ReplyMeaning => ({ type: 'opt-out', keyword });
  const unclear = (keyword: string): ReplyMeaning => ({ type: 'unclear', keyword });

  it.each<[string | undefined, ReplyMeaning]>([
    ['STOP', optOut('STOP')],
    [' stop. ', optOut('STOP')],
    ['STOP!!! 😡😡', optOut('STOP')],
    ['Stop it please', optOut('STOP')],
    ['stop stop STOP stop stop', optOut('STOP')],
    ['S T O P', optOut('STOP')],
    ['opt-out', optOut('OPT OUT')],
    ['Opt out now please', optOut('OPT OUT')],
    ['ARRET', optOut('ARRÊT')],
    ['arrêt', optOut('ARRÊT')],
    ['quiero darme de baja', unclear('DARME DE BAJA')],
    ['Darme de baja por favor', optOut('DARME DE BAJA')],
    ['Arrêt maladie', unclear('ARRÊT')],
    ['Rezygnuję z wizyty', unclear('REZYGNUJĘ')],
    ['Cancel my order', unclear('CANCEL')],
    ['I would like to cancel', unclear('CANCEL')],
    ['by the end of the week', { type: 'other' }],
    ['End of May', unclear('END')],
    ['退 订', optOut('退订')],
    ['请帮我退订', unclear('退订')],
    ['退订 谢谢', optOut('退订')],
    ['不要再发了', unclear('不要再发')],
    ['수신 거부', optOut('수신거부')],
    ['stop by the shop', unclear('STOP')],
    ["don't stop", unclear('STOP')],
    ['This is SPAM', unclear('SPAM')],
    ['blockbuster', { type: 'other' }],
    ['nonstop', { type: 'other' }],
    ['stopped', { type: 'other' }],
    ['START', { type: 'opt-in', keyword: 'START', isOrdinaryAnswer: false }],
    ['start!', { type: 'opt-in', keyword: 'START', isOrdinaryAnswer: false }],
    ['Yes', { type: 'opt-in', keyword: 'YES', isOrdinaryAnswer: true }],
    ['yes please', { type: 'other' }],
    ['START STOP', unclear('STOP')],
    ['help?', { type: 'help', keyword: 'HELP' }],
    ['help me stop', unclear('STOP')],
    ['Đúng', { type: 'other' }],
    ['acha', { type: 'other' }],
    ['Baja ringan', unclear('BAJA')],
    ['Thanks', { type: 'other' }],
    ['', { type: 'other' }],
    ['   ', { type: 'other' }],
    ['👍', { type: 'other' }],
    [undefined, { type: 'other' }],
  ])('%j is %j', (content, meaning) => {
    expect(keywords.classify(content)).toEqual(meaning);
  });
});

describe('no variant of an opt-out keyword escapes', () => {
  const keyword = constantFrom(...[...all('optOut'), ...all('optOutAlone')].map(([, word]) => word));
  const noise = array(
    constantFrom(
      ...['!', '?', '.', ',', '"', '“', '”', '«', '»', "'", '’', '(', ')', '-', '—', '_', '*', '。', '！', '、', '؟'],
      ...[' ', '\t', '\r\n', '\u00a0', '\u2003', '\u3000', '\u2028', '\u200b', '\u200e', '\u202e', '\u2066', '\ufeff'],
      ...['🛑', '😡', '👍🏽', '❤️', '👨‍👩‍👧', '🇧🇷', '™', '\u3164', '\ufe0f', '\u0000'],
    ),
    { maxLength: 6 },
  ).map((parts) => parts.join(''));
  const invisible = constantFrom('', '', '\u200b', '\u200d', '\u2060', '\u00ad', '\u200f', '\ufeff', '\u034f');
  const form = constantFrom<(text: string) => string>(
    (text) => text,
    (text) => text.toLowerCase(),
    (text) => text.toUpperCase(),
    (text) => text.toLocaleLowerCase('tr'),
    (text) => text.toLocaleUpperCase('tr'),
    (text) => Array.from(text, (letter, index) => (index % 2 === 0 ? letter.toLowerCase() : letter)).join(''),
    (text) => text.normalize('NFD'),
    (text) => text.normalize('NFKD'),
    (text) => text.normalize('NFKD').replace(/[\u0300-\u036f]/g, ''),
    (text) => text.replace(/[!-~]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
    (text) => text.replaceAll(' ', ' \t '),
    (text) => text.replaceAll(' ', '\u00a0'),
    (text) => text.replaceAll(' ', '-'),
    (text) => text.replace(/(?<=([A-Z]))(?!\1)[A-Z]$/, (letter) => letter.repeat(4)),
  );

  it('by case, width, marks, blanks, punctuation, emoji or invisible characters', () => {
    assert(
      property(keyword, form, noise, noise, invisible, (word, variant, before, after, inside) => {
        const content = before + Array.from(variant(word)).join(inside) + after;
        expect(keywords.classify(content)).toMatchObject({ type: 'opt-out' });
      }),
      { numRuns: 2_000 },
    );
  });

  it('by dots or emoji between the letters of STOP', () => {
    assert(
      property(constantFrom('.', '-', ' ', '*', '🛑', '. ', ' 🛑 '), constantFrom('stop', 'STOP'), (between, word) => {
        expect(keywords.classify(Array.from(word).join(between))).toEqual({ type: 'opt-out', keyword: 'STOP' });
      }),
    );
  });

  it('in a longer reply either: a person reads it', () => {
    const word = string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 });
    assert(
      property(array(word, { maxLength: 20 }), array(word, { maxLength: 20 }), noise, (before, after, around) => {
        const content = [...before, `${around} stop ${around}`, ...after].join(' ');
        expect(['opt-out', 'unclear']).toContain(typeOf(content));
      }),
    );
  });
});

describe('keep', () => {
  const withKeep = new ReplyKeywords({ keep: [/^STOP \d+$/i, /^help desk$/gi, /^yes$/y, /block \d/i] });

  it.each([
    ['STOP 12345', 'other'],
    ['  stop 12345\n', 'other'],
    ['STOP', 'opt-out'],
    ['STOP 12345 now', 'opt-out'],
    ['I live in Block 5', 'other'],
    ['I block you', 'unclear'],
    ['yes', 'other'],
    ['Yes', 'opt-in'],
  ])('%j is %j', (content, type) => {
    expect(withKeep.classify(content).type).toBe(type);
  });

  it('wins over every keyword, each time', () => {
    const everything = new ReplyKeywords({ keep: [/^[^]*$/g] });
    const keyword = constantFrom(...Object.values(KEYWORD_LISTS).flatMap((lists) => valuesOf(lists).flat()));
    assert(
      property(keyword, (word) => {
        expect(everything.classify(word)).toEqual({ type: 'other' });
      }),
    );
  });

  it('leaves the expressions of the app as they are', () => {
    const expression = /^STOP \d+$/g;
    const own = new ReplyKeywords({ keep: [expression] });
    expression.lastIndex = 3;
    expect(own.classify('STOP 1')).toEqual({ type: 'other' });
    expect(own.classify('STOP 1')).toEqual({ type: 'other' });
    expect(expression.lastIndex).toBe(3);
  });
});

describe('add and remove', () => {
  it('makes further words opt-outs, and built-in ones ordinary', () => {
    const own = new ReplyKeywords({
      add: { de: ['Aus', 'Schluss damit'], zh: ['N'] },
      remove: { en: ['end', 'Info', 'block', 'YES'], zh: ['T'] },
    });
    expect(
      ['aus!', 'Aus bitte', 'schluss damit', 'n', 'END', 'info', 'Block 5', 'yes', 'T', 'CANCEL', 'STOP'].map(
        (content) => own.classify(content).type,
      ),
    ).toEqual([
      ...[
        'opt-out',
        'opt-out',
        'opt-out',
        'opt-out',
        'other',
        'other',
        'other',
        'other',
        'other',
        'opt-out',
        'opt-out',
      ],
    ]);
  });

  it('cannot remove STOP', () => {
    expect(new ReplyKeywords({ remove: { en: ['STOP'] } }).classify('stop')).toEqual({
      type: 'opt-out',
      keyword: 'STOP',
    });
  });

  it('lets a built-in keyword count as the first word too', () => {
    expect(new ReplyKeywords({ add: { en: ['CANCEL'] } }).classify('Cancel please')).toEqual({
      type: 'opt-out',
      keyword: 'CANCEL',
    });
  });
});

describe('hostile replies', () => {
  it.each<[string, string, ReplyMeaning['type'][]]>([
    ['ten million letters', 'a'.repeat(10_000_000), ['other']],
    ['ten million blanks', ' '.repeat(10_000_000), ['other']],
    ['ten million invisible characters', '\u200b'.repeat(10_000_000), ['other']],
    ['a million marks on a letter', `a${'\u0301'.repeat(1_000_000)}`, ['other']],
    ['a million times STOP and another word', 'STOP now '.repeat(1_000_000), ['unclear']],
    ['STOP after the limit', `${'a '.repeat(800)}STOP`, ['other']],
    ['STOP before a million invisible characters', `STOP${'\u200b'.repeat(1_000_000)}.`, ['unclear']],
    ['help before a million dots', `HELP${'.'.repeat(1_000_000)}`, ['other']],
    ['START before a million dots', `START${'.'.repeat(1_000_000)}`, ['other']],
    ['letters that become many by NFKC', 'ﷺ'.repeat(1_600), ['other']],
    ['single letters', 's t '.repeat(400), ['other']],
    ['lone surrogates', '\ud800'.repeat(1_600), ['other']],
    ['a surrogate pair at the limit', `${'a'.repeat(1_599)}😀`, ['other']],
    ['a regular expression', '^((a+)+|STOP|(b*)*)$', ['unclear']],
    ['a replacement', '$& $1 STOP $`', ['unclear']],
    ['names of properties', '__proto__', ['other']],
    ['the name of a method', 'constructor', ['other']],
    ['SQL', "'; drop table inbound; --", ['other']],
    ['control characters', '\u0000\u0001\u001b[31m', ['other']],
  ])('%s', (_, content, types) => {
    const start = performance.now();
    const { type } = keywords.classify(content);
    expect(types).toContain(type);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('of any text have a meaning', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 200 }), (content) => {
        expect(['opt-out', 'opt-in', 'help', 'unclear', 'other']).toContain(typeOf(content));
      }),
    );
  });

  it('do not get longer than the limit to the expressions of the app', () => {
    const own = new ReplyKeywords({ keep: [/spam/i] });
    expect(own.classify(`spam ${'a'.repeat(1_595)}`)).toEqual({ type: 'other' });
    expect(own.classify(`spam ${'a'.repeat(1_596)}`)).toEqual({ type: 'unclear', keyword: 'SPAM' });
  });

  it('with a keyword at any distance from the limit are at most unclear if they are longer', () => {
    assert(
      property(tuple(integer({ min: 0, max: 1_700 }), integer({ min: 1_601, max: 3_000 })), ([before, length]) => {
        const content = `${'.'.repeat(before)}STOP`.padEnd(length, '!');
        expect(['unclear', 'other']).toContain(typeOf(content));
      }),
    );
  });
});
