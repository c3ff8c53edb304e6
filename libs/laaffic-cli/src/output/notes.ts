import type { Writable } from 'node:stream';
import { maskNumber } from 'nestjs-laaffic';
import { plain } from './plain.js';

const SECRETS = ['LAAFFIC_API_SECRET', 'LAAFFIC_API_KEY'];
const NUMBER = /\+\d[\d ().\u2010-\u2015-]{5,}\d|\d{7,}/g;
/** As in the names of files. */
const DATE = /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;

/** What is said on stderr: without secrets, and with numbers masked, for stderr ends in logs. */
export class Notes {
  constructor(
    private readonly stream: Writable,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** One line, whatever others wrote into the text. */
  say(text: string): void {
    this.stream.write(`laaffic: ${this.#safe(text)}\n`);
  }

  /** What went wrong in this program, and where. */
  fault({ name, message, stack = '' }: Error): void {
    const what = `${name}: ${message}`;
    this.say(`a fault of this program: ${what}`);
    const places = stack.startsWith(what) ? stack.slice(what.length).split('\n').slice(1) : [];
    for (const place of places) this.stream.write(`${this.#safe(place)}\n`);
  }

  #safe(text: string): string {
    let safe = plain(text);
    for (const name of SECRETS) {
      const secret = this.env[name]?.trim();
      if (secret !== undefined && secret.length > 3) safe = safe.replaceAll(secret, '•••');
    }
    return safe.replace(NUMBER, (found) => (DATE.test(found) ? found : maskNumber(found.replace(/\D/g, ''))));
  }
}
