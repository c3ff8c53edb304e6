import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE = 2;
/** A machine that is busy asking gets nothing else done. */
const LONGEST_PAUSE = 50;

/**
 * Asks again and again, less often the longer it takes.
 * @returns the first answer that is neither `undefined` nor `false`, or the first of which it is so.
 * @throws if there is none within so many milliseconds; the last answer is in the message.
 */
export function until<T>(ask: () => T | undefined | false | Promise<T | undefined | false>): Promise<T>;
export function until<T>(ask: () => T | Promise<T>, isSo: (answer: T) => boolean, within?: number): Promise<T>;
export async function until(
  ask: () => unknown,
  isSo: (answer: unknown) => boolean = (answer) => answer !== undefined && answer !== false,
  within = 60_000,
): Promise<unknown> {
  const deadline = performance.now() + within;
  for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE)) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > deadline) {
      throw new Error(`It did not come to be in time: ${String(ask)} gives ${JSON.stringify(answer)}`);
    }
    await pause(wait);
  }
}
