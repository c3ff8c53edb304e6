/** What happens to the workers, the database and the gateway. Sizes are those of the full run. */
export const SCENARIOS = {
  'workers and database killed': {
    recipients: 1_000_000,
    workerKills: 100,
    databaseKills: 8,
    // The sandbox responds with all sent records, and does nothing else meanwhile.
    lookupIntervalMs: 25_000,
    gracePeriodMs: 60_000,
    longest: 600_000,
  },
  'workers and database killed, a lookup that finds nothing': {
    recipients: 1_000_000,
    workerKills: 100,
    databaseKills: 8,
    blind: true,
  },
  'frozen around the claim, the clock of one 40 s ahead': {
    recipients: 200_000,
    freeze: ['before-claim', 'after-claim', 'before-write'],
    skew: 40_000,
  },
  'frozen around the answer, a lookup that finds nothing, the clock of one 40 s behind': {
    recipients: 200_000,
    freeze: ['after-write', 'before-store', 'after-store'],
    skew: -40_000,
    blind: true,
  },
  'the gateway silent for 10 s': { recipients: 200_000, gatewayDown: 10_000 },
  // A lookup that started just before a message became unknown, the next lookup, and the time between them.
  'no process killed': { recipients: 500_000, faults: {}, lookupIntervalMs: 10_000, gracePeriodMs: 90_000 },
};

/** The same in a size that fits between two commits. */
export function small(scenario) {
  const hasKills = scenario.workerKills !== undefined;
  const kills = hasKills ? { workerKills: 8, databaseKills: 2 } : {};
  // Reading all sent records takes seconds while workers restart all the time.
  const times = hasKills
    ? { gracePeriodMs: 20_000, lookupIntervalMs: 5_000 }
    : { gracePeriodMs: 15_000, lookupIntervalMs: 2_000 };
  // It ends and reports open requests before the test times out.
  return { ...scenario, ...kills, ...times, longest: 140_000, recipients: hasKills ? 60_000 : 30_000 };
}
