import type { SandboxQuirks } from '../options/sandbox.quirks.js';

export function isLonger(text: string, most: number, unit: SandboxQuirks['contentUnit']): boolean {
  // a text has no more code points than UTF-16 units
  if (unit !== 'bytes' && text.length <= most) return false;
  if (unit === 'utf16') return true;
  if (unit === 'bytes') return Buffer.byteLength(text) > most;
  return codePoints(text, most + 1) > most;
}

/** The first `most` characters. */
export function cut(text: string, most: number): string {
  return text.length <= most
    ? text
    : Array.from(text.slice(0, most * 2))
        .slice(0, most)
        .join('');
}

function codePoints(text: string, enough: number): number {
  let count = 0;
  for (let index = 0; index < text.length && count < enough; count += 1) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return count;
}
