import { Logger } from '@nestjs/common';
import { describeFailure, findDatabaseFailure } from './database-failure.js';

/** Milliseconds without a failure until an outage of the database is over. Single statements may succeed earlier. */
const QUIET = 5_000;

interface Outage {
  /** What has failed during the outage. */
  readonly parts: Set<string>;
  readonly isOfDatabase: boolean;
  readonly since: number;
  failures: number;
  last: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Logs once that something fails, and once that it works again, however often it is retried. All failures of the
 * database count as one outage, whichever part of the outbox noticed them.
 */
export class ErrorLog {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #open = new Map<string, Outage>();

  constructor(private readonly quiet = QUIET) {}

  /** @param part a sentence without its full stop: `No message can be claimed`. */
  report(part: string, error: unknown): void {
    const failure = findDatabaseFailure(error);
    const key = failure?.code ?? part;
    const outage = this.#open.get(key) ?? this.#begin(key, part, error, failure !== undefined);
    outage.parts.add(part);
    outage.failures++;
    outage.last = performance.now();
    clearTimeout(outage.timer);
    outage.timer = undefined;
  }

  /** Call it when the part works. */
  resolve(part: string): void {
    if (this.#open.size === 0) return;
    for (const [key, outage] of this.#open) {
      if (!outage.parts.has(part)) continue;
      if (!outage.isOfDatabase) this.#end(key, outage, part);
      else
        outage.timer ??= setTimeout(() => {
          this.#end(key, outage, 'the database of the outbox');
        }, this.quiet).unref();
    }
  }

  #begin(key: string, part: string, error: unknown, isOfDatabase: boolean): Outage {
    const now = performance.now();
    const outage = { parts: new Set<string>(), isOfDatabase, since: now, failures: 0, last: now, timer: undefined };
    this.#open.set(key, outage);
    this.#logger.error(
      isOfDatabase
        ? `The database of the outbox fails (${describeFailure(error)}). ${part}, and other operations may fail too; the recovery will be logged`
        : `${part}; retrying: ${describeFailure(error)}`,
    );
    return outage;
  }

  #end(key: string, { failures, since, last }: Outage, what: string): void {
    this.#open.delete(key);
    const times = failures === 1 ? 'one failure' : `${failures} failures within ${Math.ceil((last - since) / 1_000)} s`;
    this.#logger.log(`Resolved: ${what}, after ${times}`);
  }
}
