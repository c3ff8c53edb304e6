import type { Writable } from 'node:stream';

/** What is written to stdout: results alone, no faster than they are read. */
export class Results {
  constructor(private readonly stream: Writable) {}

  async write(text: string): Promise<void> {
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

  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  json(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }
}

const ENDS_OF_WAITING = ['drain', 'close', 'error'];
