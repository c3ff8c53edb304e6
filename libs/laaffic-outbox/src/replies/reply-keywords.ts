import { KEYWORD_LISTS, type LanguageKeywords } from './keyword-lists.js';
import { normalizeReply } from './normalize-reply.js';

/** Keywords by their language, a code such as `en`. The languages of replies are not detected: all are active at once. */
export type KeywordsByLanguage = Readonly<Record<string, readonly string[]>>;

/** Which replies are opt-outs. */
export interface ReplyKeywordOptions {
  /** Further opt-out keywords. They may have several words, and count alone or at the beginning of a short reply. */
  readonly add?: KeywordsByLanguage | undefined;
  /**
   * Built-in keywords that mean something else to this app. They may be keywords of any type: `{ en: ['INFO'] }`. `STOP`
   * cannot be removed.
   */
  readonly remove?: KeywordsByLanguage | undefined;
  /**
   * Replies that are always `other`, as regular expressions on the text as it arrived, without blanks at its ends. They
   * are only applied to replies of up to 1,600 characters. Anyone can write these, so an expression must not take
   * exponential time.
   * @example [/^STOP \d+$/i]
   */
  readonly keep?: readonly RegExp[] | undefined;
}

/** What a reply means. `keyword` is the one that was found, as it stands in the lists. */
export type ReplyMeaning =
  | { readonly type: 'opt-out'; readonly keyword: string }
  | {
      readonly type: 'opt-in';
      readonly keyword: string;
      /** The keyword is also an ordinary answer (`YES`). It only counts if the sender of the reply has opted out. */
      readonly isOrdinaryAnswer: boolean;
    }
  | { readonly type: 'help'; readonly keyword: string }
  /** Perhaps an opt-out. A person has to read it. */
  | { readonly type: 'unclear'; readonly keyword: string }
  | { readonly type: 'other' };

/** The longest reply that is classified as a whole: ten parts and a little. Phones send no more. */
export const MAX_REPLY_LENGTH = 1_600;
/** The words that may follow the keyword of an opt-out: `STOP THIS PLEASE`. */
const WORDS_AFTER_KEYWORD = 2;
const REQUIRED_KEYWORD = 'STOP';
/** Scripts in which a keyword may stand inside what looks like one word. */
const WITHOUT_BLANKS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;

/**
 * Classifies replies by keywords. An opt-out is a reply that consists of a keyword, or begins with one that up to two
 * words follow. A reply with a keyword in another place is `unclear`, and so is one with words such as `SPAM`: nothing is
 * guessed. Opt-ins and help count only if they are the whole reply.
 * @example
 * const keywords = new ReplyKeywords({ keep: [/^STOP \d+$/i] });
 * keywords.classify('Stop, please!'); // { type: 'opt-out', keyword: 'STOP' }
 * keywords.classify('Can you stop calling me?'); // { type: 'unclear', keyword: 'STOP' }
 * keywords.classify('STOP 12345'); // { type: 'other' }
 */
export class ReplyKeywords {
  readonly #optOut: Keywords;
  readonly #optOutAlone: Keywords;
  readonly #unclear: Keywords;
  readonly #unclearAlone: Keywords;
  readonly #optIn: Keywords;
  readonly #optInAnswer: Keywords;
  readonly #help: Keywords;
  readonly #keep: readonly RegExp[];

  /** @param options checked ones: `readReplyKeywords` reads them. */
  constructor({ add = {}, remove = {}, keep = [] }: ReplyKeywordOptions = {}) {
    const kept = (field: keyof LanguageKeywords) =>
      Object.entries(KEYWORD_LISTS).flatMap(([language, lists]) => {
        const removed = new Set((remove[language] ?? []).map(normalizeReply));
        removed.delete(REQUIRED_KEYWORD);
        return (lists[field] ?? []).filter((keyword) => !removed.has(normalizeReply(keyword)));
      });
    this.#optOut = new Keywords([...Object.values(add).flat(), ...kept('optOut')]);
    this.#optOutAlone = new Keywords(kept('optOutAlone'));
    this.#unclear = new Keywords(kept('unclear'));
    this.#unclearAlone = new Keywords(kept('unclearAlone'));
    this.#optIn = new Keywords(kept('optIn'));
    this.#optInAnswer = new Keywords(kept('optInAnswer'));
    this.#help = new Keywords(kept('help'));
    // Copies, because one with the flag g or y remembers where it stopped.
    this.#keep = keep.map((expression) => new RegExp(expression));
  }

  /**
   * Tells what a reply means. A text of more than 1,600 characters is never more than `unclear`, and only its beginning
   * is read.
   * @param content the text of the reply; `undefined` if the platform did not say it.
   */
  classify(content: string | undefined): ReplyMeaning {
    const whole = content?.trim() ?? '';
    const text = whole.slice(0, MAX_REPLY_LENGTH);
    const meaning = this.#meaningOf(text);
    if (meaning.type === 'other') return meaning;
    if (text.length < whole.length) {
      return meaning.type === 'unclear' || meaning.type === 'opt-out'
        ? { type: 'unclear', keyword: meaning.keyword }
        : { type: 'other' };
    }
    return this.#isKept(text) ? { type: 'other' } : meaning;
  }

  #meaningOf(text: string): ReplyMeaning {
    const reply = normalizeReply(text);
    if (reply === '') return { type: 'other' };
    const words = withoutRepetition(reply.split(' '));

    const optOut = this.#optOut.beginning(words) ?? this.#optOutAlone.whole(words);
    if (optOut !== undefined) return { type: 'opt-out', keyword: optOut };
    const optIn = this.#optIn.whole(words);
    if (optIn !== undefined) return { type: 'opt-in', keyword: optIn, isOrdinaryAnswer: false };
    const answer = this.#optInAnswer.whole(words);
    if (answer !== undefined) return { type: 'opt-in', keyword: answer, isOrdinaryAnswer: true };
    const help = this.#help.whole(words);
    if (help !== undefined) return { type: 'help', keyword: help };
    const unclear =
      this.#optOut.anywhere(words) ??
      this.#unclear.anywhere(words) ??
      this.#optOutAlone.beginning(words) ??
      this.#unclearAlone.whole(words);
    return unclear === undefined ? { type: 'other' } : { type: 'unclear', keyword: unclear };
  }

  #isKept(text: string): boolean {
    return this.#keep.some((expression) => {
      expression.lastIndex = 0;
      return expression.test(text);
    });
  }
}

/** `STOP STOP STOP STOP` is said once. */
function withoutRepetition(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => word !== words[index - 1]);
}

/** A list of keywords, to be found in the words of a normalized reply. */
class Keywords {
  readonly #byForm = new Map<string, string>();
  /** Those that may stand inside what looks like one word, without blanks. */
  readonly #parts: readonly (readonly [form: string, keyword: string])[];
  #longest = 0;

  constructor(keywords: readonly string[]) {
    for (const keyword of keywords) {
      const form = normalizeReply(keyword);
      if (!this.#byForm.has(form)) this.#byForm.set(form, keyword);
      this.#longest = Math.max(this.#longest, form.split(' ').length);
    }
    this.#parts = [...this.#byForm]
      .filter(([form]) => WITHOUT_BLANKS.test(form))
      .map(([form, keyword]) => [form.replaceAll(' ', ''), keyword] as const);
  }

  whole(words: readonly string[]): string | undefined {
    if (words.length <= this.#longest) {
      const keyword = this.#byForm.get(words.join(' '));
      if (keyword !== undefined) return keyword;
    }
    const text = words.join('');
    return this.#parts.find(([form]) => form === text)?.[1];
  }

  /** The keyword that is the whole, or that begins it and is followed by few words. */
  beginning(words: readonly string[]): string | undefined {
    for (let count = Math.min(this.#longest, words.length); count >= 1; count -= 1) {
      if (words.length - count > WORDS_AFTER_KEYWORD) break;
      const keyword = this.#byForm.get(words.slice(0, count).join(' '));
      if (keyword !== undefined) return keyword;
    }
    return this.whole(words);
  }

  anywhere(words: readonly string[]): string | undefined {
    for (let start = 0; start < words.length; start += 1) {
      for (let end = start + 1; end <= Math.min(words.length, start + this.#longest); end += 1) {
        const keyword = this.#byForm.get(words.slice(start, end).join(' '));
        if (keyword !== undefined) return keyword;
      }
    }
    const text = words.join('');
    return WITHOUT_BLANKS.test(text) ? this.#parts.find(([form]) => text.includes(form))?.[1] : undefined;
  }
}
