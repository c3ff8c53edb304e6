import type { Writable } from 'node:stream';
import { escapeControls } from './format.js';

const WAIT_END_EVENTS = ['drain', 'close', 'error'];

/** Writes results to stdout no faster than its reader takes them. */
export class ResultWriter {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Writes one line, even if the text contains line ends. */
  writeLine(text: string): Promise<void> {
    return this.writeLines([text]);
  }

  async writeLines(texts: readonly string[]): Promise<void> {
    if (texts.length === 0) return;
    const stream = this.#stream;
    if (stream.destroyed || stream.write(texts.map((text) => `${escapeControls(text)}\n`).join(''))) return;
    await new Promise<void>((resolve) => {
      const proceed = () => {
        for (const event of WAIT_END_EVENTS) stream.off(event, proceed);
        resolve();
      };
      for (const event of WAIT_END_EVENTS) stream.once(event, proceed);
    });
  }

  writeJson(value: unknown): Promise<void> {
    return this.writeLine(JSON.stringify(value));
  }
}
