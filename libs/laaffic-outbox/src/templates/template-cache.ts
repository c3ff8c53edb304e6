import type { CallersDatabase } from '../database/callers-database.js';
import type { Listener } from '../database/listener.js';
import type { ProcessClock, Stopwatch } from '../runtime/clock.js';
import type { SqlTransaction } from '../sql-transaction.js';
import { findTemplate } from '../sql/generated.js';
import { definitionOf } from './stored-template.js';
import { Template } from './template.js';

/** The current version of a template. */
export interface CurrentTemplate {
  readonly version: number;
  readonly isArchived: boolean;
  /** `undefined` if this release cannot read the texts. */
  readonly template: Template | undefined;
}

/** How long a template may be used before it is read again, in milliseconds. Notifications make it less. */
const MAX_AGE_MS = 5_000;
/** Number of templates that are kept. */
const MAX_TEMPLATES = 200;

interface Entry {
  readonly current: CurrentTemplate;
  readonly age: Stopwatch;
}

/** The current templates of one account, read when they are needed and kept for some seconds. */
export class TemplateCache {
  readonly #entries = new Map<string, Entry>();
  readonly #readings = new Map<string, Promise<CurrentTemplate | undefined>>();
  /** Changes when a template does. What was read before must not be kept then. */
  #generation = 0;

  constructor(
    private readonly account: string,
    private readonly callers: CallersDatabase,
    listener: Pick<Listener, 'on'>,
    private readonly clock: Pick<ProcessClock, 'start'>,
  ) {
    listener.on('template', (of) => {
      if (of === '' || of === account) this.#forget();
    });
  }

  /**
   * Returns the current version of a template, without a promise if it is known.
   * @param transaction where to read it: a caller that waits for another connection while it has one may wait for ever.
   * @returns `undefined` if there is no template with this name.
   * @throws {OutboxError} if the database fails; the transaction's own error, unchanged.
   */
  find(name: string, transaction?: SqlTransaction): CurrentTemplate | undefined | Promise<CurrentTemplate | undefined> {
    const entry = this.#entries.get(name);
    if (entry?.age.isWithin(MAX_AGE_MS) === true) return entry.current;
    // The failure of one transaction does not concern another one.
    if (transaction !== undefined) return this.#read(name, transaction);
    const running = this.#readings.get(name);
    if (running !== undefined) return running;
    const reading = this.#read(name, undefined).finally(() => {
      if (this.#readings.get(name) === reading) this.#readings.delete(name);
    });
    this.#readings.set(name, reading);
    return reading;
  }

  async #read(name: string, transaction: SqlTransaction | undefined): Promise<CurrentTemplate | undefined> {
    const generation = this.#generation;
    const age = this.clock.start();
    const params = { account: this.account, name, version: null };
    const [row] = await this.callers.runIn(transaction, findTemplate, params);
    if (row === undefined) return undefined;
    const current = {
      version: row.version,
      isArchived: row.archived_at !== null,
      template: Template.of(definitionOf(row)),
    };
    // A transaction with an old snapshot sees an old version.
    const isOlder = (this.#entries.get(name)?.current.version ?? 0) > current.version;
    if (generation === this.#generation && !isOlder) this.#keep(name, { current, age });
    return current;
  }

  #keep(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_TEMPLATES && oldest !== undefined) this.#entries.delete(oldest);
  }

  #forget(): void {
    this.#generation++;
    this.#entries.clear();
    this.#readings.clear();
  }
}
