import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import {
  deleteListed,
  findAlarms,
  findBlockedRanges,
  findDecisions,
  findListed,
  findOperatorChanges,
  foldTraffic,
  insertDecisions,
  raiseAlarms,
  readLearned,
  readListedRanges,
  readTraffic,
  releaseRanges,
  setListed,
} from '../sql/generated.js';
import type { GuardAlarm, GuardAlarmType } from '../guard/guard-alarm.js';
import type {
  Alarm,
  BlockedRange,
  Decision,
  DecisionFilter,
  GuardStore,
  LearnedReading,
  ListedEntry,
  ListedKind,
  ListedRange,
  NewEntry,
  OperatorChange,
  StoredDecision,
  TrafficReading,
} from '../guard/guard-store.js';
import type { Charges } from '../guard/prices.js';
import { jsonOf } from './json-of.js';

/** What the guard knows and keeps, in the database of the outbox. */
export class PostgresGuardStore implements GuardStore {
  constructor(
    private readonly extension: OutboxExtension,
    private readonly now: () => Date | undefined,
  ) {}

  async readTraffic(): Promise<readonly TrafficReading[]> {
    await this.extension.run(foldTraffic, {});
    const rows = await this.extension.run(readTraffic, this.#time());
    return rows.map((row) => ({
      country: row.country,
      hour: { starts: row.hour_starts, approvals: row.hour_approvals },
      excusedPerHour: row.hour_excused,
      day: { starts: row.day_starts, approvals: row.day_approvals },
      messages: { hour: row.hour_messages, day: row.day_messages },
      spentPerDay: row.day_spent,
      knownMinutes: (row.known_minutes as readonly (readonly [number, number, number])[]).map(
        ([minutesAgo, starts, approvals]) => ({ minutesAgo, starts, approvals }),
      ),
    }));
  }

  async readLearned(): Promise<readonly LearnedReading[]> {
    await this.extension.run(foldTraffic, {});
    const rows = await this.extension.run(readLearned, this.#time());
    return rows.map(({ country, days, peak_hour: peakHour, peak_day: peakDay }) => {
      const counts = days as readonly (readonly [number, number, number])[];
      const learned = counts.map(([starts, approvals, knownPeakHour]) => ({ starts, approvals, knownPeakHour }));
      return { country, days: learned, peakHour, peakDay };
    });
  }

  async readListedRanges(): Promise<readonly ListedRange[]> {
    const rows = await this.extension.run(readListedRanges, this.#time());
    return rows.map(({ kind, key, verdict }) => ({ kind: kind === 'country' ? 'country' : 'prefix', key, verdict }));
  }

  async readCharges(): Promise<readonly Charges[]> {
    const charges = new Map<string, Charges>();
    for (const { country, currency, usual, chargedParts, source } of await this.extension.readPrices()) {
      if (country === undefined || source !== 'learned') continue;
      // Networks of a country have prices of their own.
      const { segments, total } = charges.get(`${country} ${currency}`) ?? { segments: 0, total: 0 };
      const sum = { segments: segments + chargedParts, total: total + Number(usual) * chargedParts };
      charges.set(`${country} ${currency}`, { country, currency, ...sum });
    }
    return [...charges.values()];
  }

  async recordDecisions(decisions: readonly Decision[]): Promise<void> {
    const fields = decisions.map(({ isShadow, numberKey, ...decision }) => ({ ...decision, isShadow, numberKey }));
    await this.extension.runInBackground(insertDecisions, { decisions: listOf(fields), ...this.#time() });
  }

  async raiseAlarms(alarms: readonly Alarm[]): Promise<readonly GuardAlarm[]> {
    const rows = await this.extension.runInBackground(raiseAlarms, { alarms: listOf(alarms), ...this.#time() });
    return rows.map(readAlarm);
  }

  async findDecisions({ since, rule, country, numberKeys, limit }: DecisionFilter): Promise<readonly StoredDecision[]> {
    const rows = await this.extension.run(findDecisions, {
      ...{ since, limit, rule: rule ?? null, country: country ?? null, numberKeys: numberKeys ?? null },
    });
    return rows.map(({ is_shadow: isShadow, ...decision }) => ({ ...decision, isShadow }));
  }

  async findAlarms(since: Date | undefined): Promise<readonly GuardAlarm[]> {
    return (await this.extension.run(findAlarms, { since: since ?? null, ...this.#time() })).map(readAlarm);
  }

  async list({ kind, keys: [key = '', ...oldKeys], label, verdict, until, actor }: NewEntry): Promise<void> {
    await this.extension.run(setListed, {
      ...{ kind, key, oldKeys, label, verdict, until: until ?? null, actor },
      ...this.#time(),
    });
  }

  async unlist({ kind, keys, label, actor }: Pick<NewEntry, 'kind' | 'keys' | 'label' | 'actor'>): Promise<boolean> {
    const rows = await this.extension.run(deleteListed, { kind, keys, label, actor, ...this.#time() });
    return rows.some(({ was_listed: wasListed }) => wasListed);
  }

  async findListed(): Promise<readonly ListedEntry[]> {
    const rows = await this.extension.run(findListed, this.#time());
    return rows.map(({ kind, label, verdict, until, actor, listed_at: listedAt }) => ({
      ...{ kind: kindOf(kind), label, verdict, until: until ?? undefined, actor, listedAt },
    }));
  }

  async findChanges(since: Date | undefined): Promise<readonly OperatorChange[]> {
    const rows = await this.extension.run(findOperatorChanges, { since: since ?? null });
    return rows.map(({ at, actor, kind, label, verdict, until }) => ({
      ...{ at, actor, kind: kindOf(kind), label, verdict: verdict ?? undefined, until: until ?? undefined },
    }));
  }

  async findBlockedRanges(): Promise<readonly BlockedRange[]> {
    const rows = await this.extension.run(findBlockedRanges, this.#time());
    return rows.map(({ key, blocked_until: until, blocks }) => ({ range: key, until, blocks }));
  }

  async releaseRanges(prefix: string): Promise<readonly string[]> {
    const pattern = `${prefix.replaceAll(/[%_\\]/g, String.raw`\$&`)}%`;
    const rows = await this.extension.run(releaseRanges, { pattern, ...this.#time() });
    return rows.map(({ key }) => key);
  }

  #time(): { readonly now: Date | null } {
    return { now: this.now() ?? null };
  }
}

/** A row of a newer release may have another type. */
function readAlarm(row: {
  readonly id: string;
  readonly type: string;
  readonly scope: string;
  readonly raised_at: Date;
  readonly last_at: Date;
  readonly count: number;
}): GuardAlarm {
  const { id, type, scope, raised_at: raisedAt, last_at: lastAt, count } = row;
  return { id, type: type as GuardAlarmType, scope, raisedAt, lastAt, count };
}

function kindOf(kind: string): ListedKind {
  return kind === 'number' || kind === 'country' ? kind : 'prefix';
}

function listOf(rows: readonly object[]): string {
  return `[${rows.map((each) => jsonOf(each)).join(',')}]`;
}
