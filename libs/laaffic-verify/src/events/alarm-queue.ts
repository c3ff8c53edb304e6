import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';
import type { GuardAlarm, GuardAlarmType } from '../guard/guard-alarm.js';
import { claimAlarms, finishAlarm, giveUpAlarms, postponeAlarm } from '../sql/generated.js';

/** An alarm that this process tells the app. No other process does until the lease ends. */
export interface AlarmClaim {
  readonly alarm: GuardAlarm;
  /** How often the app was told, with this time. */
  readonly tries: number;
}

/** Number of alarms in one round. An attack raises few: one for each type and scope. */
const STEP = 16;
const LEASE_MS = 60_000;
const KEPT_MS = 24 * 60 * 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60 * 60_000;

/** The alarms that the app has not been told. */
export class AlarmQueue {
  constructor(
    private readonly extension: Pick<OutboxExtension, 'runInBackground'>,
    private readonly now: () => Date | undefined,
  ) {}

  /** @param types `undefined` for all. */
  async claim(types: readonly string[] | undefined): Promise<AlarmClaim[]> {
    const rows = await this.extension.runInBackground(claimAlarms, {
      ...{ types: types ?? null, limit: STEP, leaseMs: LEASE_MS, keptMs: KEPT_MS, now: this.#moment() },
    });
    return rows.map(({ id, type, scope, raised_at: raisedAt, last_at: lastAt, count, tries }) => ({
      // A newer release may have other types.
      alarm: { id, type: type as GuardAlarmType, scope, raisedAt, lastAt, count },
      tries,
    }));
  }

  /** The app was told. Nothing changes if another process has claimed the alarm since. */
  async finish({ alarm: { id }, tries }: AlarmClaim): Promise<void> {
    await this.extension.runInBackground(finishAlarm, { id, tries });
  }

  /** Postpones an alarm whose handler failed, with back-off. */
  async postpone({ alarm: { id }, tries }: AlarmClaim): Promise<void> {
    const delayMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 20));
    await this.extension.runInBackground(postponeAlarm, { id, tries, delayMs, now: this.#moment() });
  }

  /** Gives up alarms of a day ago. @returns those that a process has tried to tell. */
  async giveUp(
    types: readonly string[] | undefined,
  ): Promise<readonly { readonly type: string; readonly scope: string }[]> {
    const params = { types: types ?? null, keptMs: KEPT_MS, now: this.#moment() };
    const rows = await this.extension.runInBackground(giveUpAlarms, params);
    return rows.filter(({ tries }) => tries > 0);
  }

  #moment(): Date | null {
    return this.now() ?? null;
  }
}
