/** A mark or apostrophe that people type inside a word: `DON'T`. */
const APOSTROPHES = /['\u2018\u2019\u201B\u02BC\u02B9\u2032\u00B4\u0060\uFF07\u05F3]/g;
/** Before NFKC, which makes letters out of some of them: `™`. */
const EMOJI = /\p{Extended_Pictographic}|\p{Emoji_Modifier}/gu;
/** Zero-width characters, marks of direction, soft hyphens, tags, and selectors of a glyph. */
const INVISIBLE = /[\p{Cf}\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/gu;
/** Letters in Unicode, but blank on a screen. */
const HANGUL_FILLERS = /[\u115F\u1160]/g;
/** Marks that people leave out in Latin, Greek, Cyrillic, Arabic and Hebrew. In Indic scripts and Thai they are vowels. */
const OPTIONAL_MARKS = /[\u0300-\u036F\u0591-\u05BD\u05BF-\u05C7\u0610-\u061A\u064B-\u065F\u0670\u093C\u09BC]/g;
/** Letters that Unicode does not decompose. People type the right-hand one instead. */
const LETTERS: Readonly<Record<string, string>> = {
  ...{ Ł: 'L', Đ: 'D', Ø: 'O', Æ: 'AE', Œ: 'OE' },
  ...{ ى: 'ي', ی: 'ي', ک: 'ك', ة: 'ه', ـ: '' },
};
const REPLACED_LETTERS = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'g');
const SEPARATORS = /[^\p{L}\p{N}\p{M}]+|\p{Me}+/gu;
/** `STOPPPP`. No word has a letter three times in a row. */
const ELONGATION = /(\p{Lu})\1{2,}/gu;
/** `S T O P`, or `S.T.O.P.` without its dots. */
const SPACED_LETTERS = /(?<=^| )\p{Lu}(?: \p{Lu}(?= |$)){2,}/gu;

/**
 * Brings a reply, or a keyword, into the form in which they are compared: upper case, words with one blank between them,
 * without punctuation, emoji, invisible characters and those accents that people leave out. The locale of the process
 * does not matter.
 * @example
 * normalizeReply(' “Arrêt!!” 🙏'); // 'ARRET'
 * normalizeReply('S.T.O.P'); // 'STOP'
 */
export function normalizeReply(text: string): string {
  return text
    .replace(APOSTROPHES, '')
    .replace(INVISIBLE, '')
    .replace(EMOJI, ' ')
    .normalize('NFKC')
    .replace(HANGUL_FILLERS, ' ')
    .toUpperCase()
    .normalize('NFD')
    .replace(OPTIONAL_MARKS, '')
    .normalize('NFC')
    .replace(REPLACED_LETTERS, (letter) => LETTERS[letter] ?? letter)
    .replace(SEPARATORS, ' ')
    .trim()
    .replace(SPACED_LETTERS, (letters) => letters.replaceAll(' ', ''))
    .replace(ELONGATION, '$1');
}
