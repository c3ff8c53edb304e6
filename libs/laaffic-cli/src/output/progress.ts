import type { CommandIo } from '../command-io.js';
import { formatCount } from './format.js';

const BAR_WIDTH = 24;
const BAR_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 10_000;
const CLEAR_LINE = '\r\u001b[K';

/** The state of a run. */
export interface ProgressState {
  /** The number of rows that need no further attempt. */
  readonly done: number;
  /** The number of all rows; `undefined` if they could not be counted. */
  readonly total: number | undefined;
  readonly rejected: number;
  readonly unknown: number;
}

/** Shows the progress of a run: a bar on a terminal, otherwise a line every ten seconds. */
export class Progress {
  readonly #stderr: CommandIo['stderr'];
  readonly #now: () => number;
  readonly #isQuiet: boolean;
  readonly #start: number;
  readonly #doneBefore: number;
  #last: number;
  #isDrawn = false;

  /** @param doneBefore the number of rows that earlier runs processed; the rate excludes them. */
  constructor({ stderr, now }: Pick<CommandIo, 'stderr' | 'now'>, isQuiet: boolean, doneBefore = 0) {
    this.#stderr = stderr;
    this.#now = now;
    this.#isQuiet = isQuiet;
    this.#doneBefore = doneBefore;
    this.#start = now();
    this.#last = this.#start;
  }

  update(state: ProgressState): void {
    if (this.#isQuiet) return;
    const now = this.#now();
    const isTerminal = this.#stderr.isTTY === true;
    if (now - this.#last < (isTerminal ? BAR_INTERVAL_MS : LINE_INTERVAL_MS)) return;
    this.#last = now;
    const text = this.#describe(state, now - this.#start);
    this.#stderr.write(isTerminal ? `${CLEAR_LINE}${bar(state)}${text}` : `laaffic: ${text}\n`);
    this.#isDrawn = isTerminal;
  }

  /** Removes the bar, so that other text can be printed. */
  clear(): void {
    if (this.#isDrawn) this.#stderr.write(CLEAR_LINE);
    this.#isDrawn = false;
  }

  #describe({ done, total, rejected, unknown }: ProgressState, elapsed: number): string {
    const perSecond = ((done - this.#doneBefore) * 1000) / Math.max(1, elapsed);
    const items = [
      total === undefined ? `${formatCount(done)} done` : `${formatCount(done)} of ${formatCount(total)}`,
      `${formatCount(Math.round(perSecond))}/s`,
    ];
    if (rejected > 0) items.push(`${formatCount(rejected)} rejected`);
    if (unknown > 0) items.push(`${formatCount(unknown)} unknown`);
    if (total !== undefined && perSecond > 0) items.push(`${formatDuration((total - done) / perSecond)} left`);
    return items.join(', ');
  }
}

function bar({ done, total }: ProgressState): string {
  if (total === undefined || total === 0) return '';
  const filled = Math.floor((BAR_WIDTH * done) / total);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] `;
}

function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const twoDigits = (value: number) => String(value).padStart(2, '0');
  const end = twoDigits(whole % 60);
  return hours > 0 ? `${hours}:${twoDigits(minutes)}:${end}` : `${minutes}:${end}`;
}
