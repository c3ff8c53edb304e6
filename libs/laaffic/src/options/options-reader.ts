import { MAX_TIMER_MS } from '../clock.js';
import { describeIssue, type Issue } from '../messages/issue.js';

/** The least and the most of a number, both included. */
export interface NumberRange {
  /** @default 1 */
  readonly min?: number;
  /** @default 2147483647: Node's timers fire at once beyond it */
  readonly max?: number;
}

/**
 * Reads the fields of an options object and collects every problem, so that one error can name them all. `null`,
 * `undefined` and blank text count as not given: an environment variable may exist and be empty.
 * @example
 * const reader = new OptionsReader(options);
 * const retries = reader.wholeNumber('retries', 3, { min: 0 });
 * reader.rejectUnknown();
 * if (reader.problems.length > 0) throw new Error(reader.problems.join('; '));
 */
export class OptionsReader {
  /** The problems found so far. They never hold a value. */
  readonly issues: Issue[];
  readonly #path: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();

  /**
   * @param path the beginning of field names in problems: `connection.`.
   * @param issues the list to add problems to.
   */
  constructor(options: unknown, path = '', issues: Issue[] = []) {
    this.issues = issues;
    this.#path = path;
    const isObject = typeof options === 'object' && options !== null;
    if (!isObject) issues.push({ field: path === '' ? 'options' : path.slice(0, -1), problem: 'must be an object' });
    this.#fields = isObject ? (options as Record<string, unknown>) : {};
  }

  /** A sentence for each problem, such as `retries must be a whole number from 0 to 10`. */
  get problems(): string[] {
    return this.issues.map(describeIssue);
  }

  /** The value of a field; `undefined` if it is not given. */
  value(field: string): unknown {
    this.#known.add(field);
    const value = this.#fields[field] ?? undefined;
    return typeof value === 'string' && value.trim() === '' ? undefined : value;
  }

  /** A reader of the object in a field. Its problems are added to those of this reader. */
  nested(field: string): OptionsReader {
    return new OptionsReader(this.value(field) ?? {}, `${this.#path}${field}.`, this.issues);
  }

  boolean(field: string, fallback: boolean): boolean {
    const value = this.value(field) ?? fallback;
    if (typeof value === 'boolean') return value;
    this.report(field, 'must be true or false');
    return fallback;
  }

  oneOf<T extends string>(field: string, allowed: readonly T[], fallback: T): T {
    const value = this.value(field) ?? fallback;
    const found = allowed.find((one) => one === value);
    if (found === undefined) this.report(field, `must be one of ${allowed.join(', ')}`);
    return found ?? fallback;
  }

  /** A count, or milliseconds. The fallback may be `undefined` if the caller has no default. */
  wholeNumber<F extends number | undefined>(
    field: string,
    fallback: F,
    { min = 1, max = MAX_TIMER_MS }: NumberRange = {},
  ): number | F {
    const value = this.value(field) ?? fallback;
    if (value === undefined) return fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.report(field, `must be a whole number ${max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`}`);
    return fallback;
  }

  /** A whole number, or `false` for never. */
  wholeNumberOrFalse(field: string, fallback: number, range?: NumberRange): number | false {
    return this.value(field) === false ? false : this.wholeNumber(field, fallback, range);
  }

  /** A number above 0, at most `max`; `undefined` if it is not given. */
  positiveNumber(field: string, max = Number.MAX_VALUE): number | undefined {
    const value = this.value(field);
    if (value === undefined || (typeof value === 'number' && value > 0 && value <= max)) return value;
    this.report(field, `must be a number above 0${max === Number.MAX_VALUE ? '' : ` and at most ${max}`}`);
    return undefined;
  }

  /** A number in a range. */
  number(field: string, fallback: number, { min, max }: Required<NumberRange>): number {
    const value = this.value(field) ?? fallback;
    if (typeof value === 'number' && value >= min && value <= max) return value;
    this.report(field, `must be a number from ${min} to ${max}`);
    return fallback;
  }

  /** Text of a form. */
  text(field: string, fallback: string, form: RegExp, problem: string): string {
    const value = this.value(field) ?? fallback;
    if (typeof value === 'string' && form.test(value)) return value;
    this.report(field, problem);
    return fallback;
  }

  /** An http or https URL without query, without slashes at its end; `undefined` if there is none. */
  url(field: string, fallback: string | undefined): string | undefined {
    const value = this.value(field) ?? fallback;
    if (value === undefined) return undefined;
    const url = typeof value === 'string' && URL.canParse(value.trim()) ? new URL(value.trim()) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
      this.report(field, 'must be an http or https URL without query');
      return undefined;
    }
    return url.href.replace(/\/+$/, '');
  }

  object(field: string): object | undefined {
    const value = this.value(field);
    if (value === undefined || (typeof value === 'object' && value !== null)) return value;
    this.report(field, 'must be an object');
    return undefined;
  }

  /** An object or a class with a method of that name. */
  withMethod<T extends object>(field: string, ...methods: readonly (keyof T & string)[]): T | undefined {
    const value = this.value(field) as T | undefined;
    if (value === undefined || methods.every((method) => typeof value[method] === 'function')) return value;
    const [first = '', ...others] = methods;
    this.report(field, `must have the method${others.length === 0 ? '' : 's'} ${[first, ...others].join(' and ')}`);
    return undefined;
  }

  /** Reports the fields that no other method has read. Call it last. */
  rejectUnknown(): void {
    for (const field of Object.keys(this.#fields)) {
      if (!this.#known.has(field))
        this.report(field, `is not an option; known options: ${[...this.#known].join(', ')}`);
    }
  }

  /** @param problem the rest of a sentence that starts with the field: `must be a list`. */
  report(field: string, problem: string): void {
    this.issues.push({ field: `${this.#path}${field}`, problem });
  }
}
