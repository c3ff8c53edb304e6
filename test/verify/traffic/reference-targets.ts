import type { GuardTarget } from './judge.js';
import { DAY, HOUR } from './time-units.js';

/** Sends everything. */
export function unguarded(): GuardTarget {
  return { advanceTo() {}, start: () => 'sent', approve() {} };
}

/** The usual limits, in sliding windows: 5 messages an hour and 10 a day to a number, 60 an hour for an address. */
export function usualLimits(): GuardTarget {
  const numbers = new Map<string, number[]>();
  const sources = new Map<string, number[]>();
  let now = 0;

  const latest = (times: Map<string, number[]>, key: string, windowMs: number) => {
    const kept = (times.get(key) ?? []).filter((at) => at > now - windowMs);
    times.set(key, kept);
    return kept;
  };
  return {
    advanceTo(at) {
      now = at;
    },
    start({ number, source }) {
      const ofNumber = latest(numbers, number, DAY);
      const ofSource = latest(sources, source, HOUR);
      const lastHour = ofNumber.filter((at) => at > now - HOUR).length;
      if (ofNumber.length >= 10 || lastHour >= 5 || ofSource.length >= 60) return 'rejected';
      ofNumber.push(now);
      ofSource.push(now);
      return 'sent';
    },
    approve() {},
  };
}
