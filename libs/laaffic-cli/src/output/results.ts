import type { Writable } from 'node:stream';
import { plain } from './plain.js';

/** What is written to stdout: results alone, no faster than they are read. */
export class Results {
  constructor(private readonly stream: Writable) {}

  /** Several lines at once. */
  lines(texts: readonly string[]): Promise<void> {
    return this.#write(texts.map((text) => `${plain(text)}\n`).join(''));
  }

  async #write(text: string): Promise<void> {
    const { stream } = this;
    if (stream.destroyed || stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        for (const event of ENDS_OF_WAITING) stream.off(event, goOn);
        resolve();
      };
      for (const event of ENDS_OF_WAITING) stream.once(event, goOn);
    });
  }

  /** Whatever is in the text, it is one line. */
  line(text: string): Promise<void> {
    return this.#write(`${plain(text)}\n`);
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }
}

const ENDS_OF_WAITING = ['drain', 'close', 'error'];
