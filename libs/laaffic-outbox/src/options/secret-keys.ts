import { createSecretKey, type KeyObject } from 'node:crypto';
import type { OptionsReader } from 'nestjs-laaffic';

const MOST_KEYS = 10;
const KEY_BYTES = 32;
/** 32 bytes in base64 or base64url. */
const KEY_TEXT = /^[\w+/-]{43}=?$/;

/**
 * Reads a list of keys. They become objects that do not show their bytes when they are printed.
 * @returns an empty list if there is no such option.
 */
export function readSecretKeys(reader: OptionsReader, field: string): readonly KeyObject[] {
  const value = reader.value(field) ?? [];
  if (!Array.isArray(value) || value.length > MOST_KEYS) {
    reader.report(field, `must be a list of at most ${MOST_KEYS} keys`);
    return [];
  }
  const keys: KeyObject[] = [];
  for (const [index, given] of (value as readonly unknown[]).entries()) {
    const key = keyOf(given);
    const place = `${field}[${index}]`;
    if (key === undefined) reader.report(place, `must be ${KEY_BYTES} bytes, as base64 text or as a Uint8Array`);
    else if (keys.some((earlier) => earlier.equals(key))) reader.report(place, 'repeats an earlier key');
    else keys.push(key);
  }
  return Object.freeze(keys);
}

function keyOf(given: unknown): KeyObject | undefined {
  const text = typeof given === 'string' ? given.trim() : undefined;
  const bytes = text !== undefined && KEY_TEXT.test(text) ? Buffer.from(text, 'base64') : given;
  return bytes instanceof Uint8Array && bytes.length === KEY_BYTES ? createSecretKey(bytes) : undefined;
}
