/**
 * The code of a rejection. A negative code is a vendor status and is sent in the vendor's envelope. A code from 400 to
 * 599 is an HTTP status and is sent with an HTML page instead of JSON.
 */
export type RejectionCode = number;

/** Why a whole call, or one number of it, is rejected. */
export class Rejection {
  constructor(
    readonly code: RejectionCode,
    /** For the log and the history. Never sent to the client. */
    readonly explanation: string,
    /** @default the vendor's wording for the code */
    readonly reason?: string,
    /** HTTP status of the response that carries the envelope. @default the quirk `errorHttpStatus` */
    readonly httpStatus?: number,
  ) {}

  get isHttp(): boolean {
    return this.code > 0;
  }
}
