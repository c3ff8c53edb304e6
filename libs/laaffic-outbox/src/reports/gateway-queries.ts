import { Logger } from '@nestjs/common';
import { LaafficException } from 'nestjs-laaffic';

/** Queries of the gateway. Logs once that one fails, until it works again. */
export class GatewayQueries {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #failing = new Set<string>();

  /**
   * Runs a query.
   * @param signal aborts the query. Nothing is logged then.
   * @returns `undefined` if the gateway did not respond.
   * @throws errors that are not failures of the gateway.
   */
  async run<T>(failure: string, signal: AbortSignal, query: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await query();
      this.#failing.delete(failure);
      return result;
    } catch (error) {
      if (!(error instanceof LaafficException)) throw error;
      if (signal.aborted) return undefined;
      const line = `${failure}; retrying later: ${error.code}`;
      if (this.#failing.has(failure)) this.#logger.debug(line);
      else this.#logger.warn(line);
      this.#failing.add(failure);
      return undefined;
    }
  }
}
