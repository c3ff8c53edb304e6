/** Puts a clock that a test sets in place of `performance.now`, until `jest.restoreAllMocks`. */
export function monotonicClock(now: number): { now: number } {
  const clock = { now };
  jest.spyOn(performance, 'now').mockImplementation(() => clock.now);
  return clock;
}
