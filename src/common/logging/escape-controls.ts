/** Control and format characters, and line ends that only some programs know. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Puts a text on one line without effects on a terminal. Invisible characters are written as in JSON (`\n`, `\u001b`),
 * so that the values of a JSON text do not change.
 */
export function escapeControls(text: string): string {
  return text.replace(INVISIBLE, (character) => SHORT[character] ?? unicodeEscape(character));
}

/** The start of a stack frame. Only frames have lines of their own. */
const FRAME = /\n(?= {4}at )/;

/** Puts the message of a stack on one line, and each frame on another. */
export function escapeStack(stack: string): string {
  return stack.split(FRAME).map(escapeControls).join('\n');
}

function unicodeEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
