import { Logger } from '@nestjs/common';
import { LaafficException } from 'nestjs-laaffic';

/** Says that the gateway does not answer, once until it does again. */
export class GatewayDoubts {
  readonly #logger = new Logger('LaafficOutbox');
  readonly #failing = new Set<string>();

  /**
   * Asks the gateway.
   * @param signal ends the question, of which nobody is told then.
   * @returns `undefined` if it did not answer.
   * @throws what is no failure of the gateway.
   */
  async about<T>(trouble: string, signal: AbortSignal, question: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await question();
      this.#failing.delete(trouble);
      return answer;
    } catch (error) {
      if (!(error instanceof LaafficException)) throw error;
      if (signal.aborted) return undefined;
      const line = `${trouble}, and will be next time: ${error.code}`;
      if (this.#failing.has(trouble)) this.#logger.debug(line);
      else this.#logger.warn(line);
      this.#failing.add(trouble);
      return undefined;
    }
  }
}
