import { Refusal } from '../protocol/refusal.js';

/** Number `99900000NN`: status -NN. */
export function numberTrigger(number: string): number | null {
  if (!number.startsWith('99900000') || number.length !== 10) return null;
  return refusing(-Number(number.slice(8)));
}

/** Content with `[status:-N]`, sender `STATUS-N`: status -N. */
export function callTrigger(content: string, senderId: string | null): Refusal | null {
  const tag = content.includes('[status:') ? refusing(Number(/\[status:(-\d{1,3})\]/.exec(content)?.[1])) : null;
  if (tag !== null) return new Refusal(tag, `the content asks for ${tag}`);
  const sender = senderId?.startsWith('STATUS-') ? refusing(-Number(/^STATUS-(\d{1,3})$/.exec(senderId)?.[1])) : null;
  return sender === null ? null : new Refusal(sender, `the sender ID asks for ${sender}`);
}

function refusing(status: number): number | null {
  return status < 0 ? status : null;
}
