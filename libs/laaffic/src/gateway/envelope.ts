/** The gateway's answer to `sendSms`, in our words; nothing in it is trusted to be complete or consistent. */
export interface SendEnvelope {
  /** `undefined` where it is missing or none of the gateway's. */
  readonly status: number | undefined;
  /** Why the call was refused; not read where it was not. */
  readonly reason: string | undefined;
  /** How many numbers it says it accepted and refused. */
  readonly success: number | undefined;
  readonly fail: number | undefined;
  readonly accepted: readonly EnvelopeItem[];
  readonly refused: readonly EnvelopeItem[];
}

/** One number in the answer. */
export interface EnvelopeItem {
  readonly number: string | undefined;
  readonly orderId: string | undefined;
  readonly msgId: string | undefined;
  readonly reason: string | undefined;
}

/**
 * Reads the body of an answer. Status and counters come as text or as numbers, `orderId` as text,
 * `null`, empty or not at all, refused numbers in an undocumented `failArray` or not at all; HTTP
 * status is no part of it, for failures come with 200.
 * @param clean takes out of the gateway's words what must not get into errors and logs.
 * @returns `undefined` if the body is no JSON object, or one with neither a status of the gateway
 * nor accepted numbers.
 */
export function readSendEnvelope(body: string, clean: (words: string) => string): SendEnvelope | undefined {
  const json = parseObject(body);
  if (json === undefined) return undefined;
  const words = (value: unknown) => {
    const said = text(value);
    return said === undefined ? undefined : clean(said);
  };
  const items = (value: unknown): EnvelopeItem[] =>
    records(value).map((item) => ({
      number: text(item['number']),
      orderId: text(item['orderId']),
      msgId: text(item['msgId']),
      reason: words(item['reason']),
    }));
  const accepted = items(json['array']);
  const status = gatewayStatus(json['status']);
  if (status === undefined && accepted.length === 0) return undefined;
  return {
    status,
    reason: status === 0 ? undefined : words(json['reason']),
    success: wholeNumber(json['success']),
    fail: wholeNumber(json['fail']),
    accepted,
    refused: items(json['failArray']),
  };
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (!isRecord(json)) return undefined;
    return hasNumericIds(json['array']) || hasNumericIds(json['failArray']) ? parseWithIdsAsText(body) : json;
  } catch {
    return undefined;
  }
}

function hasNumericIds(list: unknown): boolean {
  return records(list).some((item) => typeof item['msgId'] === 'number');
}

/** A message id has 19 digits, more than a JavaScript number holds exactly: written as a number it is quoted first. */
function parseWithIdsAsText(body: string): Record<string, unknown> {
  return JSON.parse(body.replace(/("msgId"\s*:\s*)(\d+)/g, '$1"$2"')) as Record<string, unknown>;
}

function records(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  const list: readonly unknown[] = value;
  return list.filter(isRecord);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text or a number as text; empty counts as absent. */
function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function wholeNumber(value: unknown): number | undefined {
  const digits = text(value);
  return digits !== undefined && /^-?\d{1,9}$/.test(digits) ? Number(digits) : undefined;
}

/** The gateway's are 0 and below; web frameworks put an HTTP status of their own under the same name. */
function gatewayStatus(value: unknown): number | undefined {
  const status = wholeNumber(value);
  return status !== undefined && status <= 0 ? status : undefined;
}
