import {
  betweenRealNumbers,
  duringCrowd,
  fiftyNumbers,
  honestAtFirst,
  oneOperator,
  oneOperatorEnteringCodes,
  oneRange,
  patient,
  sabotage,
  threeCountries,
  watchful,
  type Attack,
} from './attacks.js';
import { firstRange, subrange } from './countries.js';
import type { Figures } from './figures.js';
import type { Scenario } from './judge.js';
import { BEGIN, Population, type UserGroup } from './population.js';
import { mergeByTime } from './merge-by-time.js';
import type { Start, Traffic } from './start.js';
import { DAY, HOUR } from './time-units.js';

/** The worst figures that a guard may have. */
export interface Requirement {
  /** `attack.costShare` */
  readonly costShare?: number | undefined;
  /** `real.rejectedAtFirstShare` */
  readonly rejectedAtFirstShare: number;
  /** `known.startsRejected` */
  readonly knownStartsRejected: number;
}

export interface JudgedScenario extends Scenario {
  readonly description: string;
  /** Absent where the figures are only reported. */
  readonly requirement?: Requirement | undefined;
}

/** The first day only teaches the guard, except in the week without an attack, which also judges a new guard. */
const JUDGED_FROM = BEGIN + DAY;
const CROWD_FROM = JUDGED_FROM + 18 * HOUR;
const OUTAGE = { from: JUDGED_FROM + 16 * HOUR, to: JUDGED_FROM + 17 * HOUR };

/**
 * All scenarios. Prices and number ranges are those of `COUNTRIES`.
 * @param seed Other seeds give other users and starts. Rates, prices and shares stay the same.
 */
export function scenarios(seed = 1): readonly JudgedScenario[] {
  const population = new Population(seed);

  const quiet = (
    name: string,
    description: string,
    rejectedAtFirstShare: number,
    starts: () => Iterable<Start>,
    outage?: Scenario['outage'],
  ): JudgedScenario => ({
    name,
    description,
    judgedFrom: JUDGED_FROM,
    outage,
    requirement: { rejectedAtFirstShare, knownStartsRejected: 0 },
    traffic: () => ({ starts: starts() }),
  });
  const attacked = (
    name: string,
    description: string,
    days: number,
    begin: (from: number) => Traffic,
    requirement?: Omit<Requirement, 'knownStartsRejected'>,
  ): JudgedScenario => ({
    name,
    description,
    judgedFrom: JUDGED_FROM,
    requirement: requirement && { ...requirement, knownStartsRejected: 0 },
    traffic() {
      const { starts, observe } = begin(JUDGED_FROM);
      return { starts: mergeByTime(population.usualTraffic(1 + days), starts), observe };
    },
  });
  const at = (attack: Attack, hours: number) => (from: number) => attack(population, from + hours * HOUR);
  const withGroup = (label: string, startsPerDay: number, group: UserGroup) => () =>
    mergeByTime(population.usualTraffic(2), daily(population, 2, startsPerDay, label, group));
  const denseRange = (conversion: number) =>
    withGroup('dense range', 5_000, { country: 'ES', range: DENSE_RANGE, knownShare: 0, conversion });

  return [
    {
      ...quiet('week', 'Seven usual days, and a guard that starts with the first.', 0.0001, () =>
        population.usualTraffic(7),
      ),
      judgedFrom: BEGIN,
    },
    quiet('crowd', '8,000 more real users of all countries within two hours.', 0.001, () =>
      mergeByTime(population.usualTraffic(2), crowd(population, CROWD_FROM)),
    ),
    // Before the first of them can have entered a code, they look like an attack.
    quiet('crowd of one country', 'As before, but all from Spain, and 80 % with new numbers.', 0.02, () =>
      mergeByTime(population.usualTraffic(2), crowd(population, CROWD_FROM, { country: 'ES', knownShare: 0.2 })),
    ),
    quiet(
      'dense range 0.5',
      '10,000 numbers with 5,000 more new users a day. Half of them convert.',
      0.01,
      denseRange(0.5),
    ),
    quiet('dense range 0.4', 'As before, but 40 % of them convert.', 0.01, denseRange(0.4)),
    quiet(
      'dense country',
      'A small country with 6,000 more users a day.',
      0.001,
      withGroup('dense country', 6_000, { country: 'MT' }),
    ),
    quiet('outage', 'No message is delivered for an hour.', 0.001, () => population.usualTraffic(2), OUTAGE),

    attacked('A1', 'One address, one range, 5 a second for an hour.', 1, at(oneRange, 10), {
      costShare: 0.001,
      rejectedAtFirstShare: 0.001,
    }),
    attacked('A2', '10,000 addresses, one operator, one a second for six hours.', 1, at(oneOperator, 8), {
      costShare: 0.03,
      rejectedAtFirstShare: 0.02,
    }),
    attacked('A3', '30,000 addresses, all ranges of three countries, all day.', 1, at(threeCountries, 0), {
      costShare: 0.25,
      rejectedAtFirstShare: 0.1,
    }),
    attacked('A4', 'As A2, and 30 % of the codes are entered.', 1, at(oneOperatorEnteringCodes, 8), {
      costShare: 0.05,
      rejectedAtFirstShare: 0.02,
    }),
    attacked('A5', 'The same 50 numbers, two a second for three hours.', 1, at(fiftyNumbers, 12), {
      costShare: 0.01,
      rejectedAtFirstShare: 0.01,
    }),

    attacked('patient', '45 an hour over three countries for two weeks, each range rests.', 14, at(patient, 0)),
    attacked(
      'honest at first',
      '1,500 numbers are verified, and later ask for ten messages a day.',
      5,
      at(honestAtFirst, 0),
    ),
    attacked(
      'between real numbers',
      'One operator, mixed with known numbers of users, from addresses that users share.',
      1,
      at(betweenRealNumbers, 8),
    ),
    attacked('in a crowd', 'An attack that begins 15 minutes after a crowd, in its country.', 1, (from) => ({
      starts: mergeByTime(
        crowd(population, CROWD_FROM, { country: 'ES', knownShare: 0.2 }),
        duringCrowd(population, from + 18.25 * HOUR).starts,
      ),
    })),
    attacked('watchful', 'Leaves ranges and countries alone after a rejection.', 1, at(watchful, 6)),
    attacked('sabotage', '30 an hour over one operator, so a guard blocks real users.', 1, at(sabotage, 0)),
  ];
}

/** One scenario by its name. */
export function scenario(name: string, seed?: number): JudgedScenario {
  const found = scenarios(seed).find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`No scenario ${name}`);
  return found;
}

/**
 * Which requirements the figures miss, one sentence each.
 * @returns nothing if the scenario has no requirement.
 */
export function missedRequirements({ requirement }: JudgedScenario, { attack, real, known }: Figures): string[] {
  if (requirement === undefined) return [];
  const { costShare = Infinity, rejectedAtFirstShare, knownStartsRejected } = requirement;
  return [
    ...(attack.costShare > costShare ? [`The attack cost ${attack.costShare}, more than ${costShare}`] : []),
    ...(real.rejectedAtFirstShare > rejectedAtFirstShare
      ? [`${real.rejectedAtFirstShare} of the users were rejected at first, more than ${rejectedAtFirstShare}`]
      : []),
    ...(known.startsRejected > knownStartsRejected
      ? [`${known.startsRejected} starts of known numbers were rejected, more than ${knownStartsRejected}`]
      : []),
  ];
}

/** Ten thousand numbers of a Spanish operator. */
const DENSE_RANGE = subrange(firstRange('ES', 'MasMovil'), '31');

function* daily(
  population: Population,
  days: number,
  starts: number,
  label: string,
  group: UserGroup,
): Generator<Start> {
  for (let day = 0; day < days; day++) yield* population.groupDay(label, day, starts, group);
}

/** 8,000 real users within two hours, most of them early. */
function crowd(population: Population, from: number, group: UserGroup = {}): Start[] {
  return population.groupAt('crowd', 8_000, group, (random) => from + Math.floor(2 * HOUR * random.next() ** 1.5));
}
