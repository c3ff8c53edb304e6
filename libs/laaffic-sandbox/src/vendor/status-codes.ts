interface StatusCode {
  readonly reason: string;
  /** The code that an older platform sends instead, because it does not know this one. */
  readonly older?: number;
}

/**
 * Every status documented for the SMS API. The reasons of 0, -14 and -16 are those of the vendor's sample responses. The
 * codes on the vendor's page sendSms have the reasons of that page; the others follow the vendor's list of status codes.
 */
const STATUS_CODES: ReadonlyMap<number, StatusCode> = new Map<number, StatusCode>([
  [0, { reason: 'success' }],
  [-1, { reason: 'Authentication error' }],
  [-2, { reason: 'Restricted IP access' }],
  [-3, { reason: 'Sensitive characters in SMS content' }],
  [-4, { reason: 'SMS content is empty' }],
  [-5, { reason: 'The SMS content is too long' }],
  [-6, { reason: 'SMS that is not a template' }],
  [-7, { reason: 'Phone number exceeds limit' }],
  [-8, { reason: 'The phone number is empty' }],
  [-9, { reason: 'Abnormal phone number' }],
  [-10, { reason: "The customer's balance is insufficient" }],
  [-11, { reason: 'Incorrect time format' }],
  [-12, { reason: 'Platform cause, bulk submit failed, contact the administrator' }],
  [-13, { reason: 'User locked' }],
  [-14, { reason: 'Field is empty or query ID is abnormal' }],
  [-15, { reason: 'Frequent query' }],
  [-16, { reason: 'timestamp expires' }],
  [-17, { reason: 'Template is empty' }],
  [-18, { reason: 'port program unusual' }],
  [-19, { reason: 'Confirm SMS pricing with the business team' }],
  [-20, { reason: 'Data existing', older: -18 }],
  [-21, { reason: 'Data validation exception', older: -14 }],
  [-22, { reason: 'Parameter exception', older: -14 }],
  [-23, { reason: 'Data caps', older: -18 }],
  [-24, { reason: 'Data unexisting', older: -14 }],
  [-25, { reason: 'Out of time range', older: -11 }],
  [-26, { reason: 'Getting fee fail', older: -19 }],
  [-27, { reason: 'Period total send limit', older: -15 }],
  [-28, { reason: 'Period phone send limit', older: -15 }],
  [-29, { reason: 'WorkSpace disabled', older: -13 }],
  [-30, { reason: 'API key disabled', older: -1 }],
  [-31, { reason: 'IP not in whitelist', older: -2 }],
  [-32, { reason: 'API key has no right to this application', older: -1 }],
]);

export function reasonFor(status: number): string {
  return STATUS_CODES.get(status)?.reason ?? 'Unknown error';
}

/** Returns the code that a platform sends for `status` if its list of codes ends at `lastKnownStatus`. */
export function toKnownStatus(status: number, lastKnownStatus: number): number {
  return status >= lastKnownStatus ? status : (STATUS_CODES.get(status)?.older ?? -1);
}

/** Whether the status rejects one number of a call and leaves the others accepted. */
export function isPerNumber(status: number): boolean {
  return status === -9 || status === -28;
}

/** Whether the status is about a content. In a batch it rejects the entry with that content. */
export function isPerContent(status: number): boolean {
  return (status <= -3 && status >= -6) || status === -17;
}

/** Whether the status comes from the account checks. The vendor's sample response has only `status` and `reason` then. */
export function isAccountCheck(status: number): boolean {
  return status === -1 || status === -2 || status === -16 || (status <= -29 && status >= -32);
}
