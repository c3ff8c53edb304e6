import { maskNumber, maskNumbersIn } from '../messages/mask-number.js';

/** One message that the fake accepted: one for each recipient of a send. */
export interface SentSms {
  /** Digits with country code. */
  readonly number: string;
  readonly content: string;
  readonly senderId: string | undefined;
  /** The caller's, or one that was made for it. */
  readonly orderId: string;
  /** The id that the receipt told. */
  readonly msgId: string;
}

const MOST_LINES = 10;
const LONGEST_EXCERPT = 24;

/** What was sent, fit for a log that others read: numbers masked, of contents only the beginning. */
export function describeSent(sent: readonly SentSms[]): string {
  if (sent.length === 0) return 'nothing was sent';
  const lines = sent.slice(0, MOST_LINES).map((sms, index) => `  ${index + 1}. ${describeSms(sms)}`);
  const rest = sent.length > MOST_LINES ? [`  … and ${sent.length - MOST_LINES} more`] : [];
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
  return characters.length > LONGEST_EXCERPT
    ? `${characters.slice(0, LONGEST_EXCERPT).join('')}…`
    : characters.join('');
}
