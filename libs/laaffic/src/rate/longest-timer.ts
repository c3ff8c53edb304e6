/** The most milliseconds that `setTimeout` waits: asked for more, it does not wait at all. */
export const LONGEST_TIMER = 2 ** 31 - 1;
