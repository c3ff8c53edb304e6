import type { Writable } from 'node:stream';
import { maskNumber } from 'nestjs-laaffic';
import { escapeControls } from './format.js';

const SECRETS = ['LAAFFIC_API_SECRET', 'LAAFFIC_API_KEY'];
const NUMBER = /\+\d[\d ().\u2010-\u2015-]{5,}\d|\d{7,}/g;
/** File names contain such dates. */
const DATE = /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;

/** Prints messages on stderr without secrets and with masked numbers, because stderr ends up in logs. */
export class StderrLog {
  readonly #stream: Writable;
  readonly #env: NodeJS.ProcessEnv;

  constructor(stream: Writable, env: NodeJS.ProcessEnv) {
    this.#stream = stream;
    this.#env = env;
  }

  /** Prints one line, even if the text contains line ends. */
  print(text: string): void {
    this.#stream.write(`laaffic: ${this.#redact(text)}\n`);
  }

  /** Prints an unexpected error with its stack. */
  printInternalError({ name, message, stack = '' }: Error): void {
    const title = `${name}: ${message}`;
    this.print(`internal error: ${title}`);
    const frames = stack.startsWith(title) ? stack.slice(title.length).split('\n').slice(1) : [];
    for (const frame of frames) this.#stream.write(`${this.#redact(frame)}\n`);
  }

  #redact(text: string): string {
    let redacted = escapeControls(text);
    const password = passwordOf(this.#env['DATABASE_URL']);
    for (const secret of [...SECRETS.map((name) => this.#env[name]?.trim()), ...password]) {
      if (secret !== undefined && secret.length > 3) redacted = redacted.replaceAll(secret, '•••');
    }
    return redacted.replace(NUMBER, (found) => (DATE.test(found) ? found : maskNumber(found.replace(/\D/g, ''))));
  }
}

/** The password of a URL, as it is written and as it is meant. */
function passwordOf(url = ''): string[] {
  const [, written = ''] = /^\w+:\/\/[^:@/]*:(.*)@/.exec(url.trim()) ?? [];
  try {
    return [written, decodeURIComponent(written)];
  } catch {
    return [written];
  }
}
