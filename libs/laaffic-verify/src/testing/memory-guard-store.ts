import type { GuardAlarm, GuardAlarmType } from '../guard/guard-alarm.js';
import type { Charges } from '../guard/prices.js';
import type {
  Alarm,
  BlockedRange,
  Decision,
  DecisionFilter,
  GuardStore,
  LearnedReading,
  ListedEntry,
  ListedRange,
  NewEntry,
  OperatorChange,
  StoredDecision,
  TrafficReading,
  Verdict,
} from '../guard/guard-store.js';
import { DAY, HOUR } from './memory-rules.js';

interface Traffic {
  readonly at: number;
  starts: number;
  approvals: number;
  excused: number;
  messages: number;
  spent: number;
}

/** What changes the traffic of a country. */
export type TrafficChange = Partial<Omit<Traffic, 'at'>>;

/** The traffic of a country, for numbers that were verified before or not. Times are microseconds. */
interface Series {
  /** In order of time. */
  readonly minutes: Traffic[];
  readonly hours: Traffic[];
  /** What is known of the minutes, until one changes. */
  summary: { readonly minute: number; readonly list: TrafficReading['knownMinutes'] } | undefined;
}

/** An entry of the list, with one of its keys. */
interface KeyedEntry extends ListedEntry {
  readonly key: string;
}

interface CountrySeries {
  readonly new: Series;
  readonly known: Series;
}

const MINUTE = HOUR / 60;
const LEARNED_DAYS = 14;
const MOST_FOUND = 1_000;

/** What the guard knows and keeps, in memory. */
export class MemoryGuardStore implements GuardStore {
  readonly #traffic = new Map<string, CountrySeries>();
  readonly #listed = new Map<string, KeyedEntry>();
  #changes: OperatorChange[] = [];
  #decisions: (Decision & { readonly at: Date })[] = [];
  #alarms: GuardAlarm[] = [];
  #alarmIds = 0;

  /** @param ranges the blocked ranges of the verifications. */
  constructor(
    private readonly now: () => number,
    private readonly ranges: {
      readonly blocked: () => readonly BlockedRange[];
      readonly release: (prefix: string) => readonly string[];
    },
  ) {}

  /** Number of rows of all tables. */
  get size(): number {
    let size = this.#listed.size + this.#changes.length + this.#decisions.length + this.#alarms.length;
    for (const { new: fresh, known } of this.#traffic.values())
      for (const { minutes, hours } of [fresh, known]) size += minutes.length + hours.length;
    return size;
  }

  /** Forgets everything. */
  clear(): void {
    this.#traffic.clear();
    this.#listed.clear();
    this.#changes = [];
    this.#decisions = [];
    this.#alarms = [];
  }

  addTraffic(country: string, isKnown: boolean, at: number, change: TrafficChange): void {
    let of = this.#traffic.get(country);
    if (of === undefined) this.#traffic.set(country, (of = { new: newSeries(), known: newSeries() }));
    const series = isKnown ? of.known : of.new;
    const { minutes, hours } = series;
    series.summary = undefined;
    const now = this.now();
    add(minutes, at - (at % MINUTE), change, now - 2 * HOUR);
    add(hours, at - (at % HOUR), change, now - LEARNED_DAYS * DAY);
  }

  /** What an operator said about a number. */
  verdictOf(numberKeys: readonly Buffer[]): Verdict | undefined {
    const found = numberKeys.flatMap((key) => this.#current(`number ${key.toString('hex')}`) ?? []);
    return found.some(({ verdict }) => verdict === 'deny') ? 'deny' : found[0]?.verdict;
  }

  readTraffic(): Promise<readonly TrafficReading[]> {
    const now = this.now();
    const readings = [...this.#traffic].flatMap(([country, { new: fresh, known }]): TrafficReading[] => {
      const isSilent = ({ minutes, hours }: Series): boolean =>
        isOld(minutes, now - 2 * HOUR) && isOld(hours, now - DAY);
      if (isSilent(fresh) && isSilent(known)) return [];
      const [hour, day] = [sumOf(fresh.minutes, now - HOUR), sumOf(fresh.hours, now - DAY)];
      const [knownHour, knownDay] = [sumOf(known.minutes, now - HOUR), sumOf(known.hours, now - DAY)];
      const reading: TrafficReading = {
        country,
        hour: { starts: hour.starts, approvals: hour.approvals },
        excusedPerHour: hour.excused + knownHour.excused,
        day: { starts: day.starts, approvals: day.approvals },
        messages: { hour: hour.messages + knownHour.messages, day: day.messages + knownDay.messages },
        spentPerDay: day.spent + knownDay.spent,
        knownMinutes: this.#knownMinutes(known),
      };
      return [reading];
    });
    return Promise.resolve(readings);
  }

  /** Nothing is charged here. */
  readCharges(): Promise<readonly Charges[]> {
    return Promise.resolve([]);
  }

  readLearned(): Promise<readonly LearnedReading[]> {
    const now = this.now();
    const readings = [...this.#traffic].flatMap(([country, { new: fresh, known }]): LearnedReading[] => {
      const days = new Map<number, { starts: number; approvals: number; knownPeakHour: number }>();
      const dayOf = (at: number) => {
        const index = Math.floor((now - at) / DAY);
        const day = days.get(index) ?? { starts: 0, approvals: 0, knownPeakHour: 0 };
        days.set(index, day);
        return day;
      };
      let peakHour = 0;
      for (const { at, starts, approvals } of latest(fresh.hours, now - LEARNED_DAYS * DAY)) {
        const day = dayOf(at);
        day.starts += starts;
        day.approvals += approvals;
        peakHour = Math.max(peakHour, approvals);
      }
      for (const { at, starts } of latest(known.hours, now - LEARNED_DAYS * DAY)) {
        const day = dayOf(at);
        day.knownPeakHour = Math.max(day.knownPeakHour, starts);
      }
      if (days.size === 0) return [];
      const ordered = [...days].sort(([a], [b]) => a - b).map(([, day]) => day);
      return [{ country, days: ordered, peakHour, peakDay: Math.max(...ordered.map(({ approvals }) => approvals)) }];
    });
    return Promise.resolve(readings);
  }

  readListedRanges(): Promise<readonly ListedRange[]> {
    const ranges = [...this.#listed.keys()].flatMap((key) => {
      const entry = this.#current(key);
      return entry === undefined || entry.kind === 'number'
        ? []
        : [{ kind: entry.kind, key: entry.key, verdict: entry.verdict }];
    });
    return Promise.resolve(ranges);
  }

  recordDecisions(decisions: readonly Decision[]): Promise<void> {
    const at = this.#date();
    this.#decisions = [...this.#decisions, ...decisions.map((each) => ({ ...each, at }))].slice(-MOST_FOUND);
    return Promise.resolve();
  }

  raiseAlarms(alarms: readonly Alarm[]): Promise<readonly GuardAlarm[]> {
    const at = this.#date();
    const raised: GuardAlarm[] = [];
    for (const { type, scope, count } of alarms) {
      const index = this.#alarms.findIndex((each) => each.type === type && each.scope === scope && this.#isOn(each));
      const open = this.#alarms[index];
      if (open !== undefined) {
        this.#alarms[index] = { ...open, lastAt: at, count: open.count + count };
        continue;
      }
      this.#alarmIds += 1;
      const id = String(this.#alarmIds);
      raised.push({ id, type: type as GuardAlarmType, scope, raisedAt: at, lastAt: at, count });
    }
    this.#alarms = [...this.#alarms, ...raised].slice(-MOST_FOUND);
    return Promise.resolve(raised);
  }

  findDecisions({ since, rule, country, numberKeys, limit }: DecisionFilter): Promise<readonly StoredDecision[]> {
    const found = this.#decisions.filter(
      (each) =>
        each.at > since &&
        (rule === undefined || each.rule === rule) &&
        (country === undefined || each.country === country) &&
        (numberKeys === undefined || numberKeys.some((key) => each.numberKey?.equals(key) === true)),
    );
    return Promise.resolve(
      found
        .slice(-limit)
        .reverse()
        .map(({ at, tenant, purpose, country: of, rule: by, isShadow, count }) => ({
          ...{ at, tenant, purpose, country: of, rule: by, isShadow, count },
        })),
    );
  }

  findAlarms(since: Date | undefined): Promise<readonly GuardAlarm[]> {
    const found = this.#alarms.filter((each) => (since === undefined ? this.#isOn(each) : each.lastAt > since));
    return Promise.resolve([...found].reverse());
  }

  list({ keys: [key = '', ...oldKeys], ...entry }: NewEntry): Promise<void> {
    for (const old of oldKeys) this.#listed.delete(`${entry.kind} ${old}`);
    // The last one is the newest.
    this.#listed.delete(`${entry.kind} ${key}`);
    this.#listed.set(`${entry.kind} ${key}`, { ...entry, key, listedAt: this.#date() });
    this.#note(entry);
    return Promise.resolve();
  }

  unlist({ keys, ...entry }: Pick<NewEntry, 'kind' | 'keys' | 'label' | 'actor'>): Promise<boolean> {
    const found = keys.map((key) => `${entry.kind} ${key}`).filter((key) => this.#current(key) !== undefined);
    for (const key of keys) this.#listed.delete(`${entry.kind} ${key}`);
    this.#note({ ...entry, verdict: undefined, until: undefined });
    return Promise.resolve(found.length > 0);
  }

  findListed(): Promise<readonly ListedEntry[]> {
    const found = [...this.#listed.keys()].flatMap((key) => this.#current(key) ?? []).reverse();
    return Promise.resolve(
      found.map(({ kind, label, verdict, until, actor, listedAt }) => ({
        ...{ kind, label, verdict, until, actor, listedAt },
      })),
    );
  }

  findChanges(since: Date | undefined): Promise<readonly OperatorChange[]> {
    return Promise.resolve(this.#changes.filter(({ at }) => since === undefined || at > since).reverse());
  }

  findBlockedRanges(): Promise<readonly BlockedRange[]> {
    return Promise.resolve(this.ranges.blocked());
  }

  releaseRanges(prefix: string): Promise<readonly string[]> {
    return Promise.resolve(this.ranges.release(prefix));
  }

  #knownMinutes(known: Series): TrafficReading['knownMinutes'] {
    const now = this.now();
    const minute = now - (now % MINUTE);
    // Nothing else changes within the minute.
    if (known.summary?.minute !== minute) {
      const list = latest(known.minutes, now - 2 * HOUR)
        .filter(({ starts, approvals }) => starts > 0 || approvals > 0)
        .map(({ at, starts, approvals }) => ({ minutesAgo: Math.floor((now - at) / MINUTE), starts, approvals }));
      known.summary = { minute, list };
    }
    return known.summary.list;
  }

  #note({ actor, kind, label, verdict, until }: Omit<OperatorChange, 'at'>): void {
    const change = { at: this.#date(), actor, kind, label, verdict, until };
    this.#changes = [...this.#changes, change].slice(-MOST_FOUND);
  }

  #current(key: string): KeyedEntry | undefined {
    const entry = this.#listed.get(key);
    return entry?.until === undefined || entry.until > this.#date() ? entry : undefined;
  }

  #isOn({ lastAt }: GuardAlarm): boolean {
    return lastAt.getTime() > this.#date().getTime() - HOUR / 1000;
  }

  #date(): Date {
    return new Date(Math.floor(this.now() / 1000));
  }
}

function newSeries(): Series {
  return { minutes: [], hours: [], summary: undefined };
}

function add(series: Traffic[], at: number, change: TrafficChange, oldest: number): void {
  let index = series.length;
  while ((series[index - 1]?.at ?? -Infinity) > at) index--;
  let found = series[index - 1];
  if (found?.at !== at) {
    found = { at, starts: 0, approvals: 0, excused: 0, messages: 0, spent: 0 };
    series.splice(index, 0, found);
    while ((series[0]?.at ?? Infinity) <= oldest) series.shift();
  }
  found.starts += change.starts ?? 0;
  found.approvals += change.approvals ?? 0;
  found.excused += change.excused ?? 0;
  found.messages += change.messages ?? 0;
  found.spent += change.spent ?? 0;
}

function isOld(series: readonly Traffic[], oldest: number): boolean {
  return (series.at(-1)?.at ?? -Infinity) <= oldest;
}

/** What is later than a time. */
function latest(series: readonly Traffic[], after: number): readonly Traffic[] {
  let index = series.length;
  while ((series[index - 1]?.at ?? -Infinity) > after) index--;
  return series.slice(index);
}

function sumOf(series: readonly Traffic[], after: number): Omit<Traffic, 'at'> {
  const sum = { starts: 0, approvals: 0, excused: 0, messages: 0, spent: 0 };
  for (let index = series.length - 1; index >= 0; index--) {
    const row = series[index];
    if (row === undefined || row.at <= after) break;
    sum.starts += row.starts;
    sum.approvals += row.approvals;
    sum.excused += row.excused;
    sum.messages += row.messages;
    sum.spent += row.spent;
  }
  return sum;
}
