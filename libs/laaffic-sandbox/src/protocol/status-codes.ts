interface StatusCode {
  readonly reason: string;
  /** What a platform that does not know the code says in its place. */
  readonly older?: number;
}

/**
 * Every status documented for the SMS API. 0, -14 and -16 are worded as in the vendor's response samples, the codes
 * on the vendor page sendSms as on that page, the others after the vendor's list of status codes.
 */
const statusCodes: ReadonlyMap<number, StatusCode> = new Map<number, StatusCode>([
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

/** The highest code (nearest to -∞) that is documented for SMS. */
export const lastStatus = -32;

export function reasonFor(status: number): string {
  return statusCodes.get(status)?.reason ?? 'Unknown error';
}

/** The code a platform whose list ends at `generation` answers in place of `status`. */
export function inGeneration(status: number, generation: number): number {
  return status >= generation ? status : (statusCodes.get(status)?.older ?? -1);
}

/** Codes that refuse one number of a call; the other numbers are still taken. */
export function isPerNumber(status: number): boolean {
  return status === -9 || status === -28;
}

/** Codes about a content: in a batch they refuse its entry. */
export function isPerContent(status: number): boolean {
  return (status <= -3 && status >= -6) || status === -17;
}

/** Codes of the account checks: the vendor's sample of one carries `status` and `reason` alone. */
export function isAccountCheck(status: number): boolean {
  return status === -1 || status === -2 || status === -16 || (status <= -29 && status >= -32);
}
