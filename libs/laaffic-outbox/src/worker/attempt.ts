import { LaafficException, LaafficLimitException, type SmsReceipt, type SmsService } from 'nestjs-laaffic';
import type { ClaimedChunk } from '../ledger/chunk.js';
import type { ChunkPart, RecipientRow, Verdict } from '../ledger/settlements.js';
import { Addressees } from './addressees.js';

/** What an attempt tells about the health of the account. */
export type AccountSign =
  | { readonly is: 'works' }
  | { readonly is: 'broken'; readonly code: string; readonly reason: string }
  | { readonly is: 'limited'; readonly delay: number }
  /** There was no readable response. */
  | { readonly is: 'silent'; readonly code: string }
  /** The request did not reach the gateway. */
  | { readonly is: 'untouched' };

/** The result of the chunk, and the health of the account. */
export interface AttemptEnd {
  readonly verdict: Verdict;
  readonly account: AccountSign;
}

/** How to make one attempt. */
export interface AttemptPlan {
  /** The prefix of the order ids of this ledger. */
  readonly prefix: string;
  readonly timeout: number;
  readonly priority: 'high' | 'normal';
  /** Whether the claim is still valid. */
  shouldSend(): boolean;
}

/** The gateway's ids have 19 digits. */
const LONGEST_ID = 255;
const NUMBER_LIMIT = -28;
const ABNORMAL_NUMBER = -9;
/** The only problem of the account that may concern a single destination. */
const FEE_UNAVAILABLE = -26;
/** A number with a temporary limit is retried this often, then rejected. */
const MOST_NUMBER_RETRIES = 8;

/** Sends a chunk once and returns the result. Never rejects. */
export async function attempt(sms: SmsService, chunk: ClaimedChunk, plan: AttemptPlan): Promise<AttemptEnd> {
  const addressees = new Addressees(chunk, plan.prefix);
  const { to, orderIdPrefix } = addressees;
  const { content, senderId } = chunk;
  const { timeout: timeoutMs, priority } = plan;
  try {
    // Always POST, whatever method the module is configured with: a GET can hold a tenth of a chunk.
    const how = { method: 'POST', timeoutMs, priority, orderIdPrefix, shouldSend: () => plan.shouldSend() } as const;
    const receipt = await sms.send({ to, content, senderId }, how);
    return { verdict: settled(addressees, receipt), account: { is: 'works' } };
  } catch (error) {
    if (error instanceof LaafficException) return failed(chunk, addressees, error);
    const reason = error instanceof Error ? error.name : typeof error;
    return { verdict: { is: 'unknown', code: 'OUTBOX_INTERNAL_ERROR', reason }, account: { is: 'untouched' } };
  }
}

function settled(addressees: Addressees, receipt: SmsReceipt): Verdict {
  const { accepted } = receipt;
  // Most responses accept all recipients, in the order of the request.
  const isWhole = accepted.length === addressees.to.length;
  const others = othersIn(receipt, addressees);
  const slots: number[] = [];
  const msgIds: string[] = [];
  for (const [index, { orderId, msgId }] of accepted.entries()) {
    const slot = isWhole ? addressees.slotAt(index) : addressees.slotOf(orderId);
    if (slot === undefined) continue;
    if (msgId.length > LONGEST_ID || /[,\0]/.test(msgId)) {
      others.push([slot, 'accepted', null, null, idOf(msgId)]);
    } else {
      slots.push(slot);
      msgIds.push(msgId);
    }
  }
  const isPlain = slots.every((slot, index) => slot === index);
  return { is: 'settled', slots: isPlain ? undefined : slots.join(), msgIds: msgIds.join(), others };
}

function failed(chunk: ClaimedChunk, addressees: Addressees, error: LaafficException): AttemptEnd {
  const { code, kind, outcome, status, receipt } = error;
  const reason = clean(error.reason ?? error.message);
  if (outcome === 'unknown') {
    const isReadable = receipt !== undefined && receipt.rejected.length > 0;
    const verdict: Verdict = isReadable ? settled(addressees, receipt) : { is: 'unknown', code, reason };
    return { verdict, account: isReadable ? { is: 'works' } : { is: 'silent', code } };
  }
  if ((kind === 'account' && status !== FEE_UNAVAILABLE) || kind === 'clock') {
    return {
      verdict: { is: 'unsent', code, reason, delay: 0 },
      account: { is: 'broken', code, reason },
    };
  }
  if (status === NUMBER_LIMIT || status === ABNORMAL_NUMBER) {
    return { verdict: aboutNumbers(chunk, addressees, error, reason), account: { is: 'works' } };
  }
  if (kind === 'limit' || kind === 'transport') {
    const delay = error instanceof LaafficLimitException ? error.retryAfterSeconds * 1000 : 0;
    const isOurs = code === 'LAAFFIC_SEND_PREVENTED';
    return {
      verdict: { is: 'unsent', code, reason, delay },
      account: isOurs ? { is: 'untouched' } : { is: 'limited', delay },
    };
  }
  return { verdict: refusedEach(addressees, error, reason), account: { is: 'works' } };
}

/** The gateway rejected the request because of some of its numbers. The others are sent without them. */
function aboutNumbers(chunk: ClaimedChunk, addressees: Addressees, error: LaafficException, reason: string): Verdict {
  const { code, unnamed, status, receipt } = error;
  const count = addressees.to.length;
  const left = unnamed.flatMap(({ orderId }) => addressees.slotOf(orderId) ?? []);
  const isNamed = left.length < count;
  if (count > 1 && left.length > 0 && chunk.isolation > 0) {
    const middle = Math.ceil(left.length / 2);
    const groups = isNamed ? [left] : [left.slice(0, middle), left.slice(middle)];
    const moved = new Set(left);
    return {
      is: 'divided',
      rest: numbersOf(chunk, (slot) => !moved.has(slot)),
      parts: groups.map((group): ChunkPart => {
        const slots = new Set(group);
        return { numbers: numbersOf(chunk, (slot) => slots.has(slot)), n: group.length };
      }),
      others: receipt === undefined || !isNamed ? [] : othersIn(receipt, addressees, moved),
      code,
    };
  }
  if (status === NUMBER_LIMIT && count === 1 && chunk.numberRetries < MOST_NUMBER_RETRIES) {
    const seconds = error instanceof LaafficLimitException ? error.retryAfterSeconds : 60;
    const delay = seconds * 1000 * 2 ** Math.min(chunk.numberRetries, 6);
    return { is: 'unsent', code, reason, delay, isNumber: true };
  }
  return refusedEach(addressees, error, reason);
}

function refusedEach(addressees: Addressees, { code, receipt }: LaafficException, reason: string): Verdict {
  const rejected = receipt?.rejected ?? [];
  const isSame = rejected.every((one) => one.code === code && one.msgId === undefined && clean(one.reason) === reason);
  if (receipt === undefined || isSame || rejected.length < addressees.to.length) return { is: 'refused', code, reason };
  return settled(addressees, receipt);
}

function othersIn(
  { rejected, unknown }: SmsReceipt,
  addressees: Addressees,
  except: ReadonlySet<number> = new Set(),
): RecipientRow[] {
  const row =
    (state: 'rejected' | 'unknown') =>
    (one: SmsReceipt['rejected'][number]): RecipientRow[] => {
      const slot = addressees.slotOf(one.orderId);
      if (slot === undefined || except.has(slot)) return [];
      return [[slot, state, one.code, clean(one.reason), idOf(one.msgId)]];
    };
  return [...rejected.flatMap(row('rejected')), ...unknown.flatMap(row('unknown'))];
}

function numbersOf({ numbers }: ClaimedChunk, isKept: (slot: number) => boolean): string {
  return numbers.map((number, slot) => (isKept(slot) ? number : '')).join();
}

/** PostgreSQL cannot store the character 0 in text, nor half of a surrogate pair in JSON. */
function clean(words: string): string {
  return words.replaceAll('\0', '').replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** An id that is too long for an index cannot be looked up, and a truncated one could match another message. */
function idOf(msgId: string | undefined): string | null {
  return msgId === undefined || msgId.length > LONGEST_ID ? null : clean(msgId);
}
