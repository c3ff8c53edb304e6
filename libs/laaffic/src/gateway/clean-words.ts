import { maskNumbersIn } from '../messages/mask-number.js';
import type { Credentials } from '../signing/credentials.js';

const LONGEST = 200;
const SHORTEST_SECRET = 4;

/**
 * Makes a cleaner of the gateway's words, which go into errors and logs: without what they may
 * repeat of the request.
 */
export function wordsCleaner(credentials: Credentials, contents: readonly string[]): (words: string) => string {
  return (words) => {
    const kept = contents
      .filter((content) => content.length >= SHORTEST_SECRET)
      .reduce((rest, content) => rest.replaceAll(content, '[content]'), credentials.redact(words));
    return maskNumbersIn(kept).slice(0, LONGEST);
  };
}
