/** Times at which nothing has to be waited for. */
export const SHORT = { startWithin: 2_500, timeout: 2_500, lease: 5_200, grace: 5_000, lookup: 100 };

const PATIENCE = 60_000;
const PAUSE = 10;

/** Asks again until the answer is something. */
export async function until<T>(ask: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error('it did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
