import { LaafficException, LaafficLimitException, type SmsReceipt, type SmsService } from 'nestjs-laaffic';
import type { Lane } from '../options/outbox.options.js';
import type { OutboxActivity } from '../store/activity.js';
import type { SealKeyring } from '../store/seal-keyring.js';
import { ChunkRecipients } from './chunk-recipients.js';
import type { ClaimedChunk } from './claimed-chunk.js';
import type { AttemptResult, ChunkPart, RecipientOutcome } from './result-writer.js';

/** What an attempt tells about the health of the account. */
export type AccountHealth =
  | { readonly status: 'works' }
  | { readonly status: 'broken'; readonly code: string; readonly reason: string }
  | { readonly status: 'limited'; readonly delay: number }
  /** There was no readable response. */
  | { readonly status: 'silent'; readonly code: string }
  /** The request did not reach the gateway. */
  | { readonly status: 'untouched' };

/** The result of the chunk, and the health of the account. */
export interface AttemptEnd {
  readonly result: AttemptResult;
  readonly health: AccountHealth;
}

/** How to make one attempt. */
export interface AttemptPlan {
  /** The prefix of the order ids that are made here. */
  readonly prefix: string;
  /** Opens sealed contents. */
  readonly seals: Pick<SealKeyring, 'open'>;
  readonly timeoutMs: number;
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
/** Milliseconds until a message may be claimed again that was not sent in time: at once it would be late again. */
const PAUSE_AFTER_PREVENTED = 1_000;
/** A number with a temporary limit is retried this often, then rejected. */
const MAX_NUMBER_RETRIES = 8;

const SEAL_BROKEN: AttemptResult = {
  type: 'rejected',
  code: 'OUTBOX_SEAL_BROKEN',
  reason: 'the sealed text was changed, or belongs to another number',
};

/** What is stored instead of a reason that quotes a sealed text. */
const QUOTES = 'the reason quotes the sealed text, so it is not stored';

/** Sends a chunk once and returns the result. Never rejects. */
export async function attempt(sms: SmsService, chunk: ClaimedChunk, plan: AttemptPlan): Promise<AttemptEnd> {
  const content = contentOf(chunk, plan.seals);
  if (content === undefined) return { result: SEAL_BROKEN, health: { status: 'untouched' } };
  const end = await send(sms, chunk, content, plan);
  return chunk.sealKeyId === undefined ? end : withoutQuotes(end, content);
}

async function send(sms: SmsService, chunk: ClaimedChunk, content: string, plan: AttemptPlan): Promise<AttemptEnd> {
  const recipients = new ChunkRecipients(chunk, plan.prefix);
  const { to, orderIdPrefix } = recipients;
  const { senderId } = chunk;
  const { timeoutMs, priority } = plan;
  try {
    // Always POST, whatever method the module is configured with: a GET can hold a tenth of a chunk.
    const how = { method: 'POST', timeoutMs, priority, orderIdPrefix, shouldSend: () => plan.shouldSend() } as const;
    const receipt = await sms.send({ to, content, senderId }, how);
    return { result: completed(recipients, receipt), health: { status: 'works' } };
  } catch (error) {
    if (error instanceof LaafficException) return failed(chunk, recipients, error);
    const reason = error instanceof Error ? error.name : typeof error;
    return { result: { type: 'unknown', code: 'OUTBOX_INTERNAL_ERROR', reason }, health: { status: 'untouched' } };
  }
}

/** @returns the text to send; `undefined` if it was tampered with. */
function contentOf({ content, sealKeyId, numbers }: ClaimedChunk, seals: AttemptPlan['seals']): string | undefined {
  if (sealKeyId === undefined) return content;
  return seals.open(
    { keyId: sealKeyId, content },
    numbers.filter((number) => number !== ''),
  );
}

/**
 * The gateway's reasons are stored, shown and logged, so they must not repeat a code in the text. They never contain the
 * whole text.
 */
function withoutQuotes({ result, health }: AttemptEnd, content: string): AttemptEnd {
  const words = content.match(/[\p{L}\p{N}]*\p{N}[\p{L}\p{N}]*/gu) ?? [];
  const codes = words.filter((word) => word.length > 2);
  const unquoted = (reason: string): string => (codes.some((code) => reason.includes(code)) ? QUOTES : reason);
  const ofRecipient = (one: RecipientOutcome): RecipientOutcome =>
    one.reason === null ? one : { ...one, reason: unquoted(one.reason) };
  return {
    result:
      'others' in result
        ? { ...result, others: result.others.map(ofRecipient) }
        : { ...result, reason: unquoted(result.reason) },
    health: health.status === 'broken' ? { ...health, reason: unquoted(health.reason) } : health,
  };
}

function completed(recipients: ChunkRecipients, receipt: SmsReceipt): AttemptResult {
  const { accepted } = receipt;
  // Most responses accept all recipients, in the order of the request.
  const isWhole = accepted.length === recipients.to.length;
  const others = othersIn(receipt, recipients);
  const slots: number[] = [];
  const msgIds: string[] = [];
  for (const [index, { orderId, msgId }] of accepted.entries()) {
    const slot = isWhole ? recipients.slotAt(index) : recipients.slotOf(orderId);
    if (slot === undefined) continue;
    if (msgId.length > LONGEST_ID || /[,\0]|\p{Surrogate}/u.test(msgId)) {
      others.push({ slot, state: 'accepted', code: null, reason: null, msgId: idOf(msgId) });
    } else {
      slots.push(slot);
      msgIds.push(msgId);
    }
  }
  const isPlain = slots.every((slot, index) => slot === index);
  return { type: 'completed', slots: isPlain ? undefined : slots.join(), msgIds: msgIds.join(), others };
}

function failed(chunk: ClaimedChunk, recipients: ChunkRecipients, error: LaafficException): AttemptEnd {
  const { code, kind, outcome, status, receipt } = error;
  const reason = clean(error.reason ?? error.message);
  if (outcome === 'unknown') {
    const isReadable = receipt !== undefined && receipt.rejected.length > 0;
    const result: AttemptResult = isReadable ? completed(recipients, receipt) : { type: 'unknown', code, reason };
    return { result, health: isReadable ? { status: 'works' } : { status: 'silent', code } };
  }
  if ((kind === 'account' && status !== FEE_UNAVAILABLE) || kind === 'clock') {
    return {
      result: { type: 'released', code, reason, delayMs: 0 },
      health: { status: 'broken', code, reason },
    };
  }
  if (status === NUMBER_LIMIT || status === ABNORMAL_NUMBER) {
    return { result: aboutNumbers(chunk, recipients, error, reason), health: { status: 'works' } };
  }
  if (kind === 'limit' || kind === 'transport') {
    if (code === 'LAAFFIC_SEND_PREVENTED') {
      const result = { type: 'released', code, reason, delayMs: PAUSE_AFTER_PREVENTED } as const;
      return { result, health: { status: 'untouched' } };
    }
    const delay = error instanceof LaafficLimitException ? error.retryAfterSeconds * 1000 : 0;
    return {
      result: { type: 'released', code, reason, delayMs: delay },
      health: { status: 'limited', delay },
    };
  }
  return { result: rejectedEach(recipients, error, reason), health: { status: 'works' } };
}

/** The gateway rejected the request because of some of its numbers. The others are sent without them. */
function aboutNumbers(
  chunk: ClaimedChunk,
  recipients: ChunkRecipients,
  error: LaafficException,
  reason: string,
): AttemptResult {
  const { code, unnamed, status, receipt } = error;
  const count = recipients.to.length;
  const left = unnamed.flatMap(({ orderId }) => recipients.slotOf(orderId) ?? []);
  const isNamed = left.length < count;
  if (count > 1 && left.length > 0 && chunk.splitsLeft > 0) {
    const middle = Math.ceil(left.length / 2);
    const groups = isNamed ? [left] : [left.slice(0, middle), left.slice(middle)];
    const moved = new Set(left);
    return {
      type: 'split',
      rest: numbersOf(chunk, (slot) => !moved.has(slot)),
      parts: groups.map((group): ChunkPart => {
        const slots = new Set(group);
        return { numbers: numbersOf(chunk, (slot) => slots.has(slot)), size: group.length };
      }),
      others: receipt === undefined || !isNamed ? [] : othersIn(receipt, recipients, moved),
      code,
    };
  }
  if (status === NUMBER_LIMIT && count === 1 && chunk.numberRetries < MAX_NUMBER_RETRIES) {
    const seconds = error instanceof LaafficLimitException ? error.retryAfterSeconds : 60;
    const delay = seconds * 1000 * 2 ** Math.min(chunk.numberRetries, 6);
    return { type: 'released', code, reason, delayMs: delay, isNumber: true };
  }
  return rejectedEach(recipients, error, reason);
}

function rejectedEach(recipients: ChunkRecipients, { code, receipt }: LaafficException, reason: string): AttemptResult {
  const rejected = receipt?.rejected ?? [];
  const isSame = rejected.every((one) => one.code === code && one.msgId === undefined && clean(one.reason) === reason);
  if (receipt === undefined || isSame || rejected.length < recipients.to.length)
    return { type: 'rejected', code, reason };
  return completed(recipients, receipt);
}

function othersIn(
  { rejected, unknown }: SmsReceipt,
  recipients: ChunkRecipients,
  except: ReadonlySet<number> = new Set(),
): RecipientOutcome[] {
  const row =
    (state: 'rejected' | 'unknown') =>
    (one: SmsReceipt['rejected'][number]): RecipientOutcome[] => {
      const slot = recipients.slotOf(one.orderId);
      if (slot === undefined || except.has(slot)) return [];
      return [{ slot, state, code: one.code, reason: clean(one.reason), msgId: idOf(one.msgId) }];
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

/** Describes the end of an attempt for subscribers. */
export function attemptActivity(chunk: ClaimedChunk, lane: Lane, result: AttemptResult): OutboxActivity {
  const { attempt, waitedMs } = chunk;
  return {
    state: stateAfter(chunk, result),
    lane,
    recipients: countsOf(chunk, result),
    request: { attempt, waitedMs },
  };
}

function stateAfter({ maybeAccepted }: ClaimedChunk, { type }: AttemptResult): OutboxActivity['state'] {
  if (type === 'released') return 'pending';
  return type === 'rejected' && maybeAccepted ? 'abandoned' : type;
}

function countsOf({ size: total, maybeAccepted }: ClaimedChunk, result: AttemptResult): OutboxActivity['recipients'] {
  const rejectedAs = maybeAccepted ? 'abandoned' : 'rejected';
  if (!('others' in result)) {
    const fates = { rejected: { [rejectedAs]: total }, unknown: { unknown: total }, released: {} };
    return fates[result.type];
  }
  const { others } = result;
  const [rejected, unknown] = [count(others, 'rejected'), count(others, 'unknown')];
  const counts = { [rejectedAs]: rejected, unknown };
  return result.type === 'split' ? counts : { accepted: total - rejected - unknown, ...counts };
}

function count(rows: readonly RecipientOutcome[], state: RecipientOutcome['state']): number {
  return rows.filter((row) => row.state === state).length;
}
