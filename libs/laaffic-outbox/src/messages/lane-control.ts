import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { isChanged } from '../database/database.js';
import type { Lane } from '../options/outbox.options.js';
import { pauseLaneManually, resumeLaneManually, setLaneSlots } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { checkLane, checkText } from './command-checks.js';

/** Who changes a lane. */
export interface LaneControlOptions {
  /** For the history: 1 to 255 characters. */
  readonly actor: string;
}

/** Who pauses a lane, and why. */
export interface PauseLaneOptions extends LaneControlOptions {
  /**
   * Why, for the history and `getStats()`: 1 to 255 characters.
   * @default none
   */
  readonly reason?: string | undefined;
}

const MAX_SLOTS = 2_147_483_647;

/**
 * Executes what people decide about a lane, for all workers. The automatic limits of a lane are independent: see
 * `AccountControl`.
 */
export class LaneControl {
  constructor(private readonly store: Pick<OutboxStore, 'account' | 'callers' | 'listener'>) {}

  /**
   * @returns whether no person had paused the lane before.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async pause(lane: Lane, options: PauseLaneOptions): Promise<boolean> {
    const { actor, reason } = read(lane, options);
    const { account, callers } = this.store;
    return isChanged(await callers.run(pauseLaneManually, { account, lane, actor, reason: reason ?? null }));
  }

  /**
   * @returns whether a person had paused the lane.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async resume(lane: Lane, options: LaneControlOptions): Promise<boolean> {
    const { actor } = read(lane, options);
    const { account, callers } = this.store;
    return this.#wake(isChanged(await callers.run(resumeLaneManually, { account, lane, actor })));
  }

  /**
   * @returns whether that is a change.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async setConcurrency(lane: Lane, slots: number | undefined, options: LaneControlOptions): Promise<boolean> {
    const { actor } = read(lane, options, checkSlots(slots));
    const { account, callers } = this.store;
    return this.#wake(isChanged(await callers.run(setLaneSlots, { account, lane, slots: slots ?? null, actor })));
  }

  /** Wakes this process at once, even if the server sends no notifications. */
  #wake(isDone: boolean): boolean {
    if (isDone) this.store.listener.emit('due', 'lane');
    return isDone;
  }
}

/** @throws {LaafficInputException} */
function read(lane: unknown, options: unknown, more: readonly Issue[] = []): PauseLaneOptions {
  const { actor, reason } = (typeof options === 'object' && options !== null ? options : {}) as Record<string, unknown>;
  const issues = [
    ...checkLane(lane),
    ...checkText('actor', actor),
    ...(reason === undefined ? [] : checkText('reason', reason)),
    ...more,
  ];
  if (issues.length > 0) throw invalidCommand(issues);
  return { actor, reason } as PauseLaneOptions;
}

function checkSlots(slots: unknown): Issue[] {
  const isRight =
    slots === undefined || (typeof slots === 'number' && Number.isInteger(slots) && slots >= 1 && slots <= MAX_SLOTS);
  return isRight ? [] : [{ field: 'slots', problem: `must be a whole number from 1 to ${MAX_SLOTS}, or undefined` }];
}
