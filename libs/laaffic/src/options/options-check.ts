import { checkSenderId } from '../messages/content.js';

/** Reads fields of an options object and collects what is wrong with them. */
export class OptionsCheck {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();

  constructor(
    options: unknown,
    private readonly path: string,
    readonly problems: string[] = [],
  ) {
    const isObject = typeof options === 'object' && options !== null;
    if (!isObject) problems.push(`${path === '' ? 'options' : path.slice(0, -1)} must be an object`);
    this.#fields = isObject ? (options as Record<string, unknown>) : {};
  }

  value(field: string): unknown {
    this.#known.add(field);
    return this.#fields[field] ?? undefined;
  }

  /** Environment values often carry a line end, which would spoil the signature: they are trimmed. */
  credential(field: string): string {
    const value = this.value(field);
    const trimmed = typeof value === 'string' ? value.trim() : '';
    if (trimmed === '') this.#report(field, 'is missing or blank');
    else if (!/^[\x21-\x7e]+$/.test(trimmed)) this.#report(field, 'has characters that cannot be part of it');
    return trimmed;
  }

  url(field: string, fallback: string | undefined): string | undefined {
    const value = this.value(field) ?? fallback;
    if (value === undefined) return undefined;
    const url = typeof value === 'string' && URL.canParse(value.trim()) ? new URL(value.trim()) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
      this.#report(field, 'must be an http or https URL without query');
      return undefined;
    }
    return url.href.replace(/\/+$/, '');
  }

  senderId(field: string): string | undefined {
    const value = this.value(field);
    const issue = checkSenderId(value);
    if (issue !== undefined) this.#report(field, issue.problem);
    return typeof value === 'string' && value.trim() !== '' ? value : undefined;
  }

  oneOf<T extends string>(field: string, allowed: readonly T[], fallback: T): T {
    const value = this.value(field) ?? fallback;
    const found = allowed.find((one) => one === value);
    if (found === undefined) this.#report(field, `must be one of ${allowed.join(', ')}`);
    return found ?? fallback;
  }

  positive(field: string, fallback: number): number {
    return this.#wholeNumber(field, fallback, 1);
  }

  positiveOrZero(field: string, fallback: number): number {
    return this.#wholeNumber(field, fallback, 0);
  }

  /** `undefined` for no limit. */
  limit(field: string): number | undefined {
    const value = this.value(field);
    if (value === undefined || (typeof value === 'number' && value > 0 && value < Infinity)) return value;
    this.#report(field, 'must be a number above 0');
    return undefined;
  }

  object(field: string): object | undefined {
    const value = this.value(field);
    if (value === undefined || (typeof value === 'object' && value !== null)) return value;
    this.#report(field, 'must be an object');
    return undefined;
  }

  refuseUnknown(): void {
    for (const field of Object.keys(this.#fields)) {
      if (!this.#known.has(field)) this.#report(field, `is no option; known are ${[...this.#known].join(', ')}`);
    }
  }

  #wholeNumber(field: string, fallback: number, least: number): number {
    const value = this.value(field) ?? fallback;
    // Node's timers fire at once beyond 2^31 - 1 milliseconds.
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
    this.#report(field, `must be a whole number ${least === 0 ? 'from 0' : 'above 0'} and below 2147483648`);
    return fallback;
  }

  #report(field: string, problem: string): void {
    this.problems.push(`${this.path}${field} ${problem}`);
  }
}
