/**
 * How a failed check is answered: a vendor status (negative, in the vendor's envelope), or an HTTP status (400 to 599,
 * with an HTML page instead of JSON).
 */
export type RefusalCode = number;

/** A "no" to a whole call or to one number of it. */
export class Refusal {
  constructor(
    readonly code: RefusalCode,
    /** In plain words, for the log and the history; never sent. */
    readonly why: string,
    /** `null` for the vendor's wording. */
    readonly reason: string | null = null,
    /** HTTP status of an answer in the vendor's envelope; `null` for the usual one. */
    readonly http: number | null = null,
  ) {}

  get isHttp(): boolean {
    return this.code > 0;
  }
}
