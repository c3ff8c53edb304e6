/** A request that was not served, for a web page may have sent it. */
export interface RefusedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** HTTP status of the answer: 400 or 403. */
  readonly http: number;
  /** What was wrong with its headers, and what to do if it was yours. */
  readonly message: string;
}
