/** One septet each, in the order of 3GPP TS 23.038 §6.2.1, without the escape (0x1b), which is not a character. */
const DEFAULT_ALPHABET =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';

/** Two septets each: an escape and a code (3GPP TS 23.038 §6.2.1.1). The form feed is its page break. */
const EXTENSION_TABLE = '\f^{}\\[~]|€';

const SEPTETS: ReadonlyMap<string, 1 | 2> = new Map([
  ...Array.from(DEFAULT_ALPHABET, (character) => [character, 1] as const),
  ...Array.from(EXTENSION_TABLE, (character) => [character, 2] as const),
]);

/** The characters of GSM-7, for use inside the brackets of a regular expression. */
export const GSM7_CLASS = characterClass(SEPTETS.keys());

const GSM7_TEXT = new RegExp(`^[${GSM7_CLASS}]*$`, 'u');

/** Whether a text can be sent as GSM-7: its default alphabet and extension table, without national tables. */
export function isGsm7(text: string): boolean {
  return GSM7_TEXT.test(text);
}

/** Returns how many septets a character of GSM-7 takes; 1 for any other character. */
export function septets(character: string): 1 | 2 {
  return SEPTETS.get(character) ?? 1;
}

/** Writes characters of one UTF-16 code unit each for use inside the brackets of a regular expression. */
export function characterClass(characters: Iterable<string>): string {
  return Array.from(characters, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`).join('');
}
