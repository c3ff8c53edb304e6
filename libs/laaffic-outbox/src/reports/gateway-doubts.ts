import { Logger } from '@nestjs/common';
import { LaafficException } from 'nestjs-laaffic';

/** Logs once that queries to the gateway fail, until they work again. */
export class GatewayDoubts {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #failing = new Set<string>();

  /**
   * Runs a query.
   * @param signal aborts the query. Nothing is logged then.
   * @returns `undefined` if the gateway did not respond.
   * @throws errors that are not failures of the gateway.
   */
  async about<T>(trouble: string, signal: AbortSignal, question: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await question();
      this.#failing.delete(trouble);
      return answer;
    } catch (error) {
      if (!(error instanceof LaafficException)) throw error;
      if (signal.aborted) return undefined;
      const line = `${trouble}; retrying later: ${error.code}`;
      if (this.#failing.has(trouble)) this.#logger.debug(line);
      else this.#logger.warn(line);
      this.#failing.add(trouble);
      return undefined;
    }
  }
}
