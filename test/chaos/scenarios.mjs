/** What is done to the workers, the database and the gateway; sizes are those of the full run. */
export const SCENARIOS = {
  'workers and database killed': {
    recipients: 1_000_000,
    workerKills: 100,
    databaseKills: 8,
    // The sandbox answers with all that it has sent, and meanwhile nothing else.
    lookup: 25_000,
    grace: 60_000,
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
    freeze: ['after-write', 'before-settle', 'after-settle'],
    skew: -40_000,
    blind: true,
  },
  'the gateway silent for 10 s': { recipients: 200_000, gatewayDown: 10_000 },
  // A look that began just before a message was unknown, the next one, and the time between them.
  'nobody killed': { recipients: 500_000, faults: {}, lookup: 10_000, grace: 90_000 },
};

/** The same in a size that fits between two commits. */
export function small(scenario) {
  const hasKills = scenario.workerKills !== undefined;
  const kills = hasKills ? { workerKills: 12, databaseKills: 2 } : {};
  // To read all that was sent takes seconds while workers start anew all the time.
  const times = hasKills ? { grace: 20_000, lookup: 5_000 } : { grace: 15_000, lookup: 2_000 };
  // It ends, and says what is open, before the test does.
  return { ...scenario, ...kills, ...times, longest: 140_000, recipients: hasKills ? 100_000 : 50_000 };
}
