import type { CommandIo } from '../command-io.js';
import { grouped } from './counted.js';

const BAR = 24;
const BETWEEN_DRAWINGS = 100;
const BETWEEN_LINES = 10_000;
const CLEAR_LINE = '\r\u001b[K';

/** How far a run has come. */
export interface ProgressState {
  /** Rows that need no further attempt. */
  readonly done: number;
  /** All rows, where they could be counted. */
  readonly total: number | undefined;
  readonly rejected: number;
  readonly unknown: number;
}

/** Shows how far a run has come: a bar on a terminal, else a line every ten seconds. */
export class Progress {
  readonly #stderr: CommandIo['stderr'];
  readonly #now: () => number;
  readonly #isQuiet: boolean;
  readonly #start: number;
  readonly #doneBefore: number;
  #last: number;
  #isDrawn = false;

  /** @param doneBefore rows that are no work of this run. */
  constructor({ stderr, now }: Pick<CommandIo, 'stderr' | 'now'>, isQuiet: boolean, doneBefore = 0) {
    this.#stderr = stderr;
    this.#now = now;
    this.#isQuiet = isQuiet;
    this.#doneBefore = doneBefore;
    this.#start = now();
    this.#last = this.#start;
  }

  show(state: ProgressState): void {
    if (this.#isQuiet) return;
    const now = this.#now();
    const isTerminal = this.#stderr.isTTY === true;
    if (now - this.#last < (isTerminal ? BETWEEN_DRAWINGS : BETWEEN_LINES)) return;
    this.#last = now;
    const text = this.#describe(state, now - this.#start);
    this.#stderr.write(isTerminal ? `${CLEAR_LINE}${bar(state)}${text}` : `laaffic: ${text}\n`);
    this.#isDrawn = isTerminal;
  }

  /** Takes the bar off the terminal, so that something else can be said. */
  clear(): void {
    if (this.#isDrawn) this.#stderr.write(CLEAR_LINE);
    this.#isDrawn = false;
  }

  #describe({ done, total, rejected, unknown }: ProgressState, elapsed: number): string {
    const perSecond = ((done - this.#doneBefore) * 1000) / Math.max(1, elapsed);
    const facts = [
      total === undefined ? `${grouped(done)} done` : `${grouped(done)} of ${grouped(total)}`,
      `${grouped(Math.round(perSecond))}/s`,
    ];
    if (rejected > 0) facts.push(`${grouped(rejected)} rejected`);
    if (unknown > 0) facts.push(`${grouped(unknown)} unknown`);
    if (total !== undefined && perSecond > 0) facts.push(`${duration((total - done) / perSecond)} left`);
    return facts.join(', ');
  }
}

function bar({ done, total }: ProgressState): string {
  if (total === undefined || total === 0) return '';
  const filled = Math.floor((BAR * done) / total);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}] `;
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
