import { maskNumber, maskNumbersIn } from '../messages/phone-number.js';

/** One message that the fake accepted: one for each recipient of a send. */
export interface SentSms {
  /** Digits with country code. */
  readonly number: string;
  readonly content: string;
  readonly senderId: string | undefined;
  /** The caller's id, or a generated one. */
  readonly orderId: string;
  /** The id in the receipt. */
  readonly msgId: string;
}

const MAX_LINES = 10;
const MAX_EXCERPT_LENGTH = 24;

/** Describes messages for a log that others may read: masked numbers, and only the beginning of contents. */
export function describeSent(sent: readonly SentSms[]): string {
  if (sent.length === 0) return 'nothing was sent';
  const lines = sent.slice(0, MAX_LINES).map((sms, index) => `  ${index + 1}. ${describeSms(sms)}`);
  const rest = sent.length > MAX_LINES ? [`  … and ${sent.length - MAX_LINES} more`] : [];
  return [`${countOf(sent.length)} sent:`, ...lines, ...rest].join('\n');
}

/** `1 message was`, `2 messages were`. */
function countOf(count: number): string {
  return count === 1 ? '1 message was' : `${count} messages were`;
}

function describeSms({ number, content, senderId }: SentSms): string {
  const sender = senderId === undefined ? '' : ` from ${JSON.stringify(maskNumbersIn(senderId))}`;
  return `to ${maskNumber(number)}${sender}: ${JSON.stringify(excerpt(content))}`;
}

function excerpt(content: string): string {
  const characters = Array.from(maskNumbersIn(content));
  return characters.length > MAX_EXCERPT_LENGTH
    ? `${characters.slice(0, MAX_EXCERPT_LENGTH).join('')}…`
    : characters.join('');
}
