/** Control and format characters, and the line ends that only some programs know. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A text on one line that does nothing to a terminal: what is invisible is written as in JSON (`\n`, `\u001b`). In
 * text that is JSON already it changes no value.
 */
export function escapeControls(text: string): string {
  return text.replace(INVISIBLE, (character) => SHORT[character] ?? unicodeEscape(character));
}

/** A frame of a stack; only those have lines of their own. */
const FRAME = /\n(?= {4}at )/;

/** A stack with a line for each frame, and its message on one. */
export function escapeStack(stack: string): string {
  return stack.split(FRAME).map(escapeControls).join('\n');
}

function unicodeEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
