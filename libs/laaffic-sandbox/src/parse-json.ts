/** Node parses deeper JSON, but cannot write it again. */
const MAX_DEPTH = 500;

/** Parses JSON. Returns `undefined` if the text is not JSON or nests deeper than 500 levels. */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string): boolean {
  // Nearly every body has so few brackets that it needs no walk.
  if (countUpToMax(text, '[') + countUpToMax(text, '{') <= MAX_DEPTH) return false;
  let depth = 0;
  for (let index = 0, isInString = false; index < text.length; index += 1) {
    const character = text[index];
    if (isInString) {
      if (character === '\\') index += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '[' || character === '{') {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (character === ']' || character === '}') depth -= 1;
  }
  return false;
}

function countUpToMax(text: string, bracket: '[' | '{'): number {
  let count = 0;
  for (let at = text.indexOf(bracket); at !== -1 && count <= MAX_DEPTH; at = text.indexOf(bracket, at + 1)) count += 1;
  return count;
}
